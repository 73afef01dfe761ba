"""The cases of shared folders and of VPNs."""

from __future__ import annotations

from tests.lab.accuracy import told

_NAS = ("--set", "path=smb://nas/public")
_INTRANET = ("--set", "name=intranet.corp.example")
_UNREACHABLE, _STALE = "net.share.server_unreachable", "net.share.stale_mount"
_VPN, _VPN_NAMES = "net.vpn.vpn_server_unreachable", "net.vpn.vpn_dns"
SHARES = (
    *told("share_name_unknown", _UNREACHABLE, "the network drive is not available", options=_NAS),
    *told("share_server_off", _UNREACHABLE, "our NAS cannot be reached", "my mapped drive is gone", options=_NAS),
    *told("share_refused", _UNREACHABLE, "I cannot open the shared folder", options=_NAS),
    *told("share_filtered", _UNREACHABLE, "the file server does not open", options=_NAS),
    *told("share_hangs", _STALE, "the shared folder freezes the file manager", "the company share hangs for ever"),
    *told("share_program_died", _STALE, "the network folder says Transport endpoint is not connected"),
    *told("share_server_left", _UNREACHABLE, "the shared drive hangs"),
    *told("share_not_connected", "net.share.not_connected", "the shared drive is missing"),
    *told("share_works", None, "is my NAS reachable", options=_NAS),
    *told("share_mounted", None, "the shared folder is slow to open"),
)
VPNS = (
    *told("vpn_name_unknown", _VPN, "the VPN does not connect"),
    *told("vpn_server_off", _VPN, "I cannot get into the company network from home", "VPN times out"),
    *told("vpn_refused", _VPN, "VPN connection failed"),
    *told("vpn_port_dropped", _VPN, "openvpn reconnects for ever"),
    *told("vpn_tcp_refused", _VPN, "my work VPN fails"),
    *told("vpn_not_listening", _VPN, "wireguard does not work"),
    *told("vpn_no_handshake", _VPN, "the wireguard tunnel gets no handshake", needs="root"),
    *told("vpn_dns", _VPN_NAMES, "with the VPN on the intranet is not found", options=_INTRANET),
    *told("vpn_dns_told", _VPN_NAMES, "the VPN is on but no company page opens"),
    *told("vpn_works", None, "the VPN does not connect"),
    *told("vpn_works_by_tcp", None, "the VPN does not connect"),
    *told("vpn_with_names", None, "the VPN tunnel does not work", options=_INTRANET),
    *told("vpn_handshake", None, "the VPN does not connect"),
)
