"""Print service, queues and jobs by IPP, and the printers themselves."""
