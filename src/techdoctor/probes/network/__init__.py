"""What connects this machine: adapters, addresses, routes, the router, the internet, web, clock, speed."""
