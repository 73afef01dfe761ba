"""Everyday complaints and the playbook each is about; an index of all playbooks of the catalogue to search in.

`TRIED` was looked at while the synonyms were written, `HELD_OUT` was written before and never tuned to.
"""

from __future__ import annotations

from techdoctor.playbooks.index import Entry

_BOOKS = """
acct.password | Cannot log in | password not accepted; forgot my password; account is locked; login screen comes back
app.crash | Program crashes or does not open | application closes by itself; program does not start; app quits at once
app.install | Cannot install software | installer fails; program cannot be installed; installation needs administrator
backup.fail | Backups do not run | backup failed; last backup is old; backup disk not found
backup.restore | Restore a deleted or lost file | deleted a file by accident; document is gone; get an old version back
bt.pair | Bluetooth device does not pair | headphones do not connect by bluetooth; bluetooth not found; pairing fails
cam.none | Camera does not work | webcam shows nothing; no camera found; picture is black in video calls
disk.full | The disk is full | no space left on device; storage almost full; cannot save because the disk is full
disk.health | The disk fails or hangs | clicking noise from the drive; read errors; disk is failing; files are corrupt
display.ext | External monitor or projector not detected | second screen stays black; no signal on hdmi; projector not found
display.res | Wrong resolution, blur or flicker | screen is blurry; display flickers; everything is too big; text is too small
file.perm | Files cannot be opened or saved | permission denied; file is read-only; cannot open my document
fs.usb | A USB drive is not recognised | usb stick not found; external disk does not show up; memory card not readable
input.hid | Keyboard, mouse or touchpad does not work | keys do not type; mouse pointer does not move; touchpad dead
mail.fail | E-mail cannot be sent or received | mail stuck in outbox; no new mail; mail server rejects the password
net.connection | No internet connection | internet does not work; no network; offline; cannot get online; router not reachable
net.dns | Web addresses cannot be found, or are slow to be found | server not found; name not resolved; pages start slowly
net.drops | The connection keeps dropping | internet disconnects all the time; wifi comes and goes; network drops out
net.share | A shared folder cannot be reached | network drive not available; cannot open the file server; nas not found
net.slow | The internet is slow | downloads are slow; videos buffer; pages load slowly; low speed
net.vpn | The VPN does not connect | vpn fails; cannot reach the office network from home; vpn drops
perf.boot | Starting takes long | computer boots slowly; takes minutes until the desktop comes; slow startup
perf.freeze | Computer freezes | screen hangs; nothing responds; mouse stops moving; not responding
perf.hot | The computer is hot or the fan is loud | fan runs all the time; laptop overheats; computer is noisy
perf.mem | Not enough memory | out of memory; programs are killed; ram is full; too many tabs open
perf.slow | The computer is slow | everything takes long; programs open slowly; computer lags; sluggish
power.battery | The battery does not last | battery drains fast; does not charge; battery empty after an hour
power.noboot | Computer does not start | does not turn on; black screen at start; no operating system found; nothing happens
power.sleep | Does not wake from sleep | stays black after closing the lid; does not go to sleep; wakes up by itself
print.add | Add or set up a printer | new printer; install a printer; printer is not in the list; printer driver
print.printing | Nothing prints, or jobs get stuck | printer does not print; print job stuck in queue; printer offline; paper jam
print.quality | Poor print quality | stripes on the page; faded print; colours are wrong; smudges; blank pages
print.scanning | The scanner is not found or does not scan | scanner not found; cannot scan; scan to computer fails
sec.av | Protection is off or out of date | antivirus is off; firewall disabled; virus definitions are old
sec.malware | Virus, pop-ups or hacked computer | pop-ups everywhere; I have a virus; files are encrypted; browser redirects
sound.mic | Microphone does not work | others cannot hear me; microphone not found; too quiet in calls
sound.none | No sound | no audio; speakers are silent; headphones play nothing; volume does not work
sys.clock | Date or time is wrong | clock is wrong; wrong time zone; clock runs fast
sys.crash | Blue screen or unexpected restart | computer restarts by itself; blue screen; shuts down suddenly; kernel panic
sys.locale | Wrong characters or language | umlauts are wrong; wrong keyboard layout; menus in a foreign language
sys.service | A background service does not run | service fails; service not started; daemon stopped
sys.update | Updates fail or wait | updates cannot be installed; update stuck; restart needed for updates
web.cert | The browser warns about a certificate | connection is not private; certificate expired; not secure
web.pages | Web pages do not open although the network works | website does not load; one site does not open; proxy error
wifi.join | Cannot join the Wi-Fi network | wifi password not accepted; network not in the list; cannot connect to wifi
wifi.weak | The Wi-Fi signal is weak | bad wifi reception; wifi slow far from the router; only one bar
"""

_TRIED = """
my password is not working | acct.password
I can't log on to my account | acct.password
excel keeps crashing when I open a spreadsheet | app.crash
firefox closes all by itself | app.crash
the setup program stops with an error | app.install
I cannot install zoom | app.install
the nightly backup did not run | backup.fail
time machine has not backed up for weeks | backup.fail
I accidentally deleted my thesis | backup.restore
how do I get back a lost document | backup.restore
airpods won't pair | bt.pair
blutooth speaker is not connecting | bt.pair
my webcam is black in teams | cam.none
camera not detected | cam.none
it says there is no space left | disk.full
my hard drive is full | disk.full
can't save anything, storage full | disk.full
the hard disk makes clicking noises | disk.health
bad sectors on my drive | disk.health
projector shows nothing | display.ext
second monitor not detected over hdmi | display.ext
the screen flickers | display.res
text on my display is fuzzy | display.res
access denied when I save a file | file.perm
I can't open this document, permission denied | file.perm
my usb stick does not show up | fs.usb
the computer doesn't see my external hard drive | fs.usb
keybord stopped working | input.hid
touchpad not responding | input.hid
some keys don't type | input.hid
outlook does not send mails | mail.fail
I am not receiving any e-mail | mail.fail
internet not working | net.connection
no internet | net.connection
I can't get online | net.connection
wlan connected but no internet | net.connection
server not found in the browser | net.dns
DNS lookup fails | net.dns
my internet keeps cutting out | net.drops
the wifi disconnects every few minutes | net.drops
I can't reach the shared drive | net.share
network folder is gone | net.share
my internet is so slow | net.slow
youtube is buffering all the time | net.slow
download speed is terrible | net.slow
vpn won't connect | net.vpn
cannot connect to the company vpn from home | net.vpn
windows takes ages to start | perf.boot
booting takes forever | perf.boot
everything froze | perf.freeze
the computer hangs and nothing responds | perf.freeze
my laptop is burning hot | perf.hot
the fan is so loud | perf.hot
out of memory | perf.mem
too many browser tabs and the ram is full | perf.mem
my computer is very slow | perf.slow
pc is lagging | perf.slow
computer runs sluggish since yesterday | perf.slow
battery drains too fast | power.battery
laptop is not charging | power.battery
my computer won't turn on | power.noboot
pc does not boot any more | power.noboot
laptop does not wake up | power.sleep
stays black when I open the lid | power.sleep
how do I set up my new printer | print.add
add a printer | print.add
printer not working | print.printing
nothing comes out of the printer | print.printing
paper jam | print.printing
print job is stuck | print.printing
pritner is offline | print.printing
there are stripes on my printouts | print.quality
printed pages are faded | print.quality
scanner not working | print.scanning
I can't scan a document | print.scanning
antivirus is turned off | sec.av
windows defender is out of date | sec.av
I think I have a virus | sec.malware
pop ups everywhere | sec.malware
I have been hacked | sec.malware
my mic is not working | sound.mic
nobody can hear me in the meeting | sound.mic
no sound from my speakers | sound.none
I can't hear anything | sound.none
the clock is wrong | sys.clock
wrong time zone | sys.clock
blue screen | sys.crash
my pc restarts by itself | sys.crash
strange characters instead of umlauts | sys.locale
my keyboard types the wrong language | sys.locale
a service is not running | sys.service
windows update fails | sys.update
updates are stuck at 30 percent | sys.update
your connection is not private | web.cert
certificate warning in chrome | web.cert
one website does not load | web.pages
facebook page does not open but other sites do | web.pages
can't connect to the wifi | wifi.join
my wireless network asks for the password again and again | wifi.join
weak wifi in the bedroom | wifi.weak
only one bar of wifi signal | wifi.weak
"""

_HELD_OUT = """
it keeps telling me the password is incorrect | acct.password
locked out of my user account | acct.password
word quits as soon as I start it | app.crash
the programme won't open | app.crash
installation of the software was aborted | app.install
my backups have not worked since March | backup.fail
I emptied the recycle bin and need a file back | backup.restore
cannot connect my bluetooth headset | bt.pair
skype can't see my camera | cam.none
disk space is running out | disk.full
there is not enough free storage | disk.full
my drive is dying | disk.health
the beamer is not recognised | display.ext
everything on the screen is way too large | display.res
the file is read only and I can't change it | file.perm
flash drive not recognized | fs.usb
the mouse cursor is stuck | input.hid
emails stay in the outbox | mail.fail
thunderbird cannot receive messages | mail.fail
the network is down | net.connection
we have been offline all morning | net.connection
browser says the address could not be found | net.dns
connection drops every ten minutes | net.drops
the NAS is not reachable | net.share
netflix is slow and keeps buffering | net.slow
VPN tunnel fails | net.vpn
it takes five minutes until I can use the pc after switching it on | perf.boot
screen is frozen | perf.freeze
notebook overheating | perf.hot
programs get killed because memory runs out | perf.mem
my machine has slowed to a crawl | perf.slow
the battery is empty after half an hour | power.battery
nothing happens when I press the power button | power.noboot
the pc doesn't come back from standby | power.sleep
I bought a new printer and want to install it | print.add
my documents don't print | print.printing
the print queue hangs | print.printing
colours look wrong on paper | print.quality
computer does not find the scaner | print.scanning
firewall is disabled | sec.av
my browser shows ads everywhere, is it malware? | sec.malware
they can't hear me on calls | sound.mic
audio is gone | sound.none
date is in the past | sys.clock
the computer reboots randomly | sys.crash
accented letters look like gibberish | sys.locale
the background daemon has stopped | sys.service
my system does not update any more | sys.update
the site's certificate has expired | web.cert
web page won't load | web.pages
laptop doesn't find our wifi | wifi.join
poor wi-fi reception upstairs | wifi.weak
"""


def _rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


INDEX = [Entry(name, title, tuple(s.strip() for s in symptoms.split(";"))) for name, title, symptoms in _rows(_BOOKS)]
TRIED = [(words, name) for words, name in _rows(_TRIED)]
HELD_OUT = [(words, name) for words, name in _rows(_HELD_OUT)]
