"""Wi-Fi: the radio, the network that is joined, the networks in range, what the system's log says of joining."""
