"""What laymen say in several words, put together into one. Data of the search; the words are English."""

from __future__ import annotations

from collections.abc import Mapping

# Said in several words, searched as one. The longer ones come first.
_START = "start up|start|boot up|boot|turn on|power on|switch on|come on|power up"
_BY_ITSELF = "by itself|on its own|randomly|suddenly|unexpectedly|without warning|for no reason"
_OFF = "restarts?|reboots?|shuts? (?:down|off)|turns? off|switch(?:es)? off|powers? off"
_INPUT = "keyboard|mouse|touchpad|trackpad|pointer|cursor|keys?"
_TOO_LITTLE = "no (?:free )?|not enough (?:free )?(?:disk )?|out of (?:disk )?|low (?:on )?(?:disk )?"

PHRASES: Mapping[str, str] = {
    r"but (?:the |my |all )?(?:\w+ ){1,3}(?:works?|working|(?:is|are) (?:fine|ok|okay|good))\b": "",
    r"keeps? (?:on )?(?:closing|quitting|crashing)": "app crash",
    r"clos(?:es|ed|ing) (?:all )?(?:by itself|on its own|suddenly)": "app crash",
    r"(?:program|programme|app|application|window) (?:just |suddenly |always )?(?:disappears|vanishes|closes)": (
        "app crash"
    ),
    r"double ?click(?:ing|ed)?": "app",
    r"(?:get|add|put|download|load) (?:a |the |some |any )?(?:new )?(?:software|programs?|apps?|applications?)": (
        "install app"
    ),
    r"mount(?:ing)? error|error mounting": "netshare",
    r"(?:wifi|wi-fi|wlan|wireless)(?: network)? (?:refuses|rejects)": "wifi join",
    r"(?:does |do )?not answer(?:ing)?$": "freeze",
    r"pass[ -]words?": "password",
    r"touch[ -]pads?|track[ -]pads?": "touchpad",
    r"blue[ -]tooth": "bluetooth",
    r"key[ -]boards?": "keyboard",
    r"(?:nobody|noone|no one|people|others|they|colleagues) (?:can ?not |cant |dont |can )?see (?:me|my face)": (
        "camera"
    ),
    r"hold(?:ing)? (?:down )?(?:the |its )?(?:power|on) ?(?:button|key|switch)": "freeze",
    r"(?:network|connection|internet|wifi) (?:go|goes|going|come|comes) and (?:go|goes|come|comes|going)": "net drop",
    r"[d-z]:? (?:network )?drive": "netshare",
    r"(?:just|suddenly|always|simply) (?:reboot|restart)(?:s|ed)?": "selfrestart",
    r"(?:new|no|any) messages?": "email",
    r"(?:air|aero)plane|(?:jet )?engine|hair ?dryer|vacuum cleaner": "fan noise",
    r"not (?:a )?(?:private|secure) connection|connection (?:is )?not (?:private|secure)|not secure": "certificate",
    rf"(?:wont|not|never|cannot|cant|doesnt|refuses to) (?:even )?(?:{_START})(?: up)?"
    r"(?= *$| (?:at all|any ?more|today|since|after|(?:the|my) (?:pc|computer|laptop)))": "noboot",
    r"(?:nothing|dead) (?:happens )?when (?:i )?(?:press|push)(?:ing)? the power(?: button)?": "noboot",
    r"blue screen(?: of death)?|kernel panic": "bluescreen",
    r"black screen": "blackscreen",
    r"(?:memory|usb|thumb|flash|pen) (?:stick|drive|key)s?|external (?:drive|disk|hard ?drive)|sd ?card|memory card": (
        "usbdrive"
    ),
    r"(?:hard|solid state) (?:drive|disk)s?|hdd|ssd": "disk",
    r"(?:network|shared?|mapped) (?:drive|folder|disk)s?|file ?server|file ?share": "netshare",
    r"(?:second|external|other|extra|2nd) (?:screen|monitor|display)s?": "extmonitor",
    r"(?:log|sign|get) ?(?:in|on)(?: ?to)? my (?:account|computer|pc|laptop)": "login",
    r"(?:log|sign)(?:ging|ned)? ?(?:in|on|into)": "login",
    r"pop[- ]?ups?": "popup",
    r"anti[- ]?virus(?: (?:program|software))?": "antivirus",
    r"wi[- ]?fi|wireless(?: (?:network|internet|lan))?": "wifi",
    r"e[- ]mails?": "email",
    r"set(?:ting)?[- ]?up": "setup",
    r"time machine|back(?:ed|ing|s)? ?up": "backup",
    r"connected but": "",
    r"no internet(?: connection| access)?|internet (?:is not|isnt|not|doesnt|does not|stopped) work(?:ing)?": (
        "internet nointernet"
    ),
    r"un ?plugged|not plugged in": "cable",
    rf"(?:{_OFF})(?:ing)? (?:all )?(?:{_BY_ITSELF})": "selfrestart",
    r"(?:random|sudden|unexpected)(?:ly)? (?:restart|reboot|shut ?down|shutting down|turning off)(?:s|ing|ed)?": (
        "selfrestart"
    ),
    r"keeps? (?:restarting|rebooting|shutting down|turning off)": "selfrestart",
    r"(?:wake|waking|wakes|woke) ?up": "wake",
    r"(?:come|comes|coming|came) (?:back )?(?:out of|from) (?:sleep|standby|suspend|hibernation)": "wake",
    r"sleep mode|stand ?by|(?:clos|shut|open)(?:e|es|ed|ing|s)? the lid": "sleep",
    r"permission denied|access (?:is )?denied|not allowed|no permission|read[- ]?only": "permission",
    rf"({_INPUT}) (?:is |are |does )?(?:not respond(?:ing)?|frozen|stuck)": r"\1",
    r"not respond(?:ing)?|doesnt respond|stops responding|stopped responding|locks up|locked up": "freeze",
    r"out of memory|not enough memory|low on memory|memory is full": "memory nomemory",
    rf"(?:{_TOO_LITTLE})(?:space|storage)(?: left)?": "space full",
    r"(?:takes?|taking|took) (?:ages|forever|(?:too|so|very|a)? ?long(?: time)?|minutes|half an hour|hours)": "slow",
    r"server not found|name not resolved|could not resolve|cant find the (?:site|server)": "dns",
    r"address (?:could )?not (?:be )?found": "dns",
    r"screen resolution": "resolution",
    r"(?:people|others|nobody|no one|noone|they) (?:can ?not |cant |dont |can )?hears? me": "microphone",
    r"(?:can ?not|cant) hear (?:anything|any)|hear nothing|hear no": "sound",
    r"date and time|time and date|wrong time|wrong date": "clock",
    r"(?:keeps? )?(?:dropp?|cutt?|kick)(?:s|ing)? (?:out|off|me off|me out)|disconnects?": "drop",
    r"(?:internet|network|connection|wifi) (?:keeps )?(?:comes and goes|on and off|coming and going)": "net drop",
    r"paper ?jam|out of paper|no paper": "paper",
}
