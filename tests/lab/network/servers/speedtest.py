"""What speedtest-cli 2.1.3 asks of speedtest.net and of a test server, answered in its own form."""

from __future__ import annotations

_CONFIG = b"""<?xml version="1.0"?><settings>
<client ip="203.0.113.77" lat="48.0" lon="11.0" isp="A Provider" isprating="3.7" rating="0" ispdlavg="0" ispulavg="0"
 loggedin="0" country="DE"/>
<server-config threadcount="4" ignoreids="" notonmap="" forcepingid=""/>
<upload testlength="3" ratio="5" initialtest="0" mintestsize="32K" threads="2" maxchunksize="512K" maxchunkcount="10"
 threadsperurl="4"/>
<download testlength="3" initialtest="250K" mintestsize="250K" threadsperurl="4"/>
</settings>"""
_SERVERS = b"""<?xml version="1.0"?><settings><servers>
<server url="http://st1.example.com/speedtest/upload.php" lat="48.1" lon="11.5" name="A Town" country="Germany" cc="DE"
 sponsor="An Operator" id="4242" host="st1.example.com:8080"/>
</servers></settings>"""
SPEEDTEST = {
    "/speedtest-config.php": _CONFIG,
    "/speedtest-servers-static.php": _SERVERS,
    "/speedtest-servers.php": _SERVERS,
    "/speedtest/latency.txt": b"test=test\n",
    "/speedtest/upload.php": b"size=500000",
}
