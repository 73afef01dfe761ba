"""Values planted in a session, written before the rules: none of them may be found in a bundle.

SECRETS: (value, text in which it stands). IDENTIFIERS belong to the machine of the tests.
None is real; card and account numbers are the schemes' published examples.
"""

from __future__ import annotations

from techdoctor.bundle.identifiers import Identifier

SECRETS: tuple[tuple[str, str], ...] = (
    ("Sommer2026!x", "DeviceURI smb://CORP\\\\scanner:Sommer2026!x@10.20.30.40/queue"),
    ("hunter22slash/at", "smb://scan:hunter22slash/at@10.20.30.40/queue"),
    ("tok3n-in-query-991", "GET https://api.example.net/v1/jobs?token=tok3n-in-query-991&x=1 failed"),
    ("frag-ment-secret-77", "opened https://login.example.net/cb#access_token=frag-ment-secret-77"),
    ("pr0xyPass", 'Acquire::http::Proxy "http://me:pr0xyPass@proxy.example.net:3128/";'),
    ("m0untPw,with,commas", "//files/share /mnt cifs username=bob,password=m0untPw,with,commas 0 0"),
    ("Hidden-By-Quotes 12", 'DB_PASSWORD="Hidden-By-Quotes 12" ./run'),
    ("correct-horse-7", "my wifi password is correct-horse-7 and it worked yesterday"),
    ("Gartenzaun88", "Das Passwort lautet Gartenzaun88"),
    ("s3cr3tYaml", "api_key: s3cr3tYaml"),
    ("jsonApiKey-555x", '{"api_key": "jsonApiKey-555x", "user": "x"}'),
    ("esc4pedJson", '{\\"password\\": \\"esc4pedJson\\"}'),
    ("Zm9vOmJhcmJhejEyMw==", "Authorization: Basic Zm9vOmJhcmJhejEyMw=="),
    ("abcdef.ghijkl-12345", "authorization: Bearer abcdef.ghijkl-12345"),
    ("baretoken.zz_99881", "sent Bearer baretoken.zz_99881 to the server"),
    (
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
        "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    ),
    ("AKIAIOSFODNN7EXAMPLE", "aws id AKIAIOSFODNN7EXAMPLE used"),
    ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "remote uses ghp_16C7e42F292c6912E7710c838347Ae178B4a now"),
    ("xoxb-17653672481-19874698323", "slack xoxb-17653672481-19874698323"),
    ("T00000000/B00000000/XXXXzzzz1111", "POST hooks.slack.com/services/T00000000/B00000000/XXXXzzzz1111"),
    (
        "MIIEowIBAAKCAQEA0Z3VS5JJcds3",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA0Z3VS5JJcds3\n-----END RSA PRIVATE KEY-----",
    ),
    (
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU cut off here",
    ),
    ("$6$rounds$saltsalt$QKpvGqjkZ3", "root:$6$rounds$saltsalt$QKpvGqjkZ3:19000:0:"),
    ("9f86d081884c7d659a2feaa0c55ad015", "sha? 9f86d081884c7d659a2feaa0c55ad015 in the log"),
    ("Kx8vQ2mZ7pLw4RtY9nBc", "session started Kx8vQ2mZ7pLw4RtY9nBc for device"),
    ("4111 1111 1111 1111", "paid with 4111 1111 1111 1111 at the till"),
    ("5555555555554444", "card 5555555555554444"),
    ("DE89 3704 0044 0532 0130 00", "account DE89 3704 0044 0532 0130 00 was charged"),
    ("GB82WEST12345698765432", "IBAN GB82WEST12345698765432"),
    ("argvPass-1", "/usr/bin/backup --password argvPass-1 --to x"),
    ("mysqlPw77", "mysqldump -u root -pmysqlPw77 shop"),
    ("sshPw77", "sshpass -p sshPw77 ssh host"),
    ("curlPw:77", "curl -s -u me:curlPw:77 ftp://x"),
    ("smbPw77", "smbclient -U me%smbPw77 //srv/x"),
    ("netrcPw77", "machine x.example.net login me password netrcPw77"),
    ("xmlPw77", "<AdminPassword type='x'>xmlPw77</AdminPassword>"),
    ("psk-Of-The-Wifi-1", "    psk=psk-Of-The-Wifi-1"),
    ("snmpComm1", "snmp community: snmpComm1"),
    ("cook1e-value-abc", "Set-Cookie: sid=cook1e-value-abc; Path=/"),
    ("scpPw778", "rsync me:scpPw778@files.example.net:/x"),
    ("bareWord77", "logged in with password bareWord77 all day"),
    ("opensslPw1", "openssl rsa -passin pass:opensslPw1"),
)

MACHINE: tuple[Identifier, ...] = (
    Identifier("host", "WS-Finance-114"),
    Identifier("domain", "corp.musterfirma.example"),
    Identifier("user", "anna.mueller"),
    Identifier("person", "Anna Müller"),
    Identifier("person", "Müller"),
    Identifier("user", "jschmidt"),
    Identifier("id", "0123456789abcdef0123456789abcdef"),
)

# (what must not be found, the text in which it stands)
IDENTIFIERS: tuple[tuple[str, str], ...] = (
    ("ws-finance-114", "sudo: unable to resolve host ws-finance-114"),
    ("WS-FINANCE-114", "NetBIOS name WS-FINANCE-114$"),
    ("corp.musterfirma.example", "ws-finance-114.corp.musterfirma.example refused"),
    ("musterfirma", "search CORP.MUSTERFIRMA.EXAMPLE"),
    ("anna.mueller", "/home/anna.mueller/.cache is full"),
    ("anna%2Emueller", "opened file%3A//anna%2Emueller/x"),
    ("Anna M\u00fcller", "printed for Anna M\u00fcller"),
    ("anna_m\u00fcller", "anna_m\u00fcller.pst is locked"),
    ("M%C3%BCller", "GET /search/M%C3%BCller"),
    ("M\\u00fcller", 'raw {"name": "M\\u00fcller"}'),
    ("mueller", "Mueller, owner of the queue"),
    ("anna.mueller@corp", "mail from anna.mueller@corp.musterfirma.example bounced"),
    ("someone.else@other.example", "cc someone.else@other.example"),
    ("jschmidt", "C:\\Users\\jschmidt\\Desktop"),
    ("unlisted.person", "/home/unlisted.person/x is full"),
    ("0123456789abcdef0123456789abcdef", "machine-id 0123456789abcdef0123456789abcdef"),
    ("10.20.30.40", "queue at 10.20.30.40:631"),
    ("203.0.113.77", "public address 203.0.113.77"),
    ("ip-10-20-30-40", "node ip-10-20-30-40 ready"),
    ("fd12:3456:789a:1::42", "route via fd12:3456:789a:1::42 dev eth0"),
    ("00:1b:21:aa:bb:cc", "eth0 00:1b:21:aa:bb:cc"),
    ("001b.21aa.bbcc", "port 001b.21aa.bbcc"),
    ("+49 170 1234567", "call me at +49 170 1234567"),
    ("6fa459ea-ee8a-3ca4-894e-db77e160355e", "UUID=6fa459ea-ee8a-3ca4-894e-db77e160355e /data ext4"),
)
