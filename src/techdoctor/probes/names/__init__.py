"""How names are found: resolver settings, name servers one by one, hosts file, what programs see."""
