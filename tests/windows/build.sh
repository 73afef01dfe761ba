#!/bin/sh
# build.sh FOLDER: a CPython for Windows that runs under Wine, from package registries alone. Needs wine64,
# gcc-mingw-w64-x86-64 and unzip; takes minutes and 800 MB. What Python itself ships only as an installer comes from a
# wheel that carries it: python311.dll and the extension modules out of panda3d, the library in Python from this machine.
set -eu
folder=$(mkdir -p "$1" && cd "$1" && pwd)
pip=${PIP:-pip}
library=$(python3.11 -c 'import sysconfig; print(sysconfig.get_paths()["stdlib"])')
cd "$folder"
[ -e ready ] && exit 0
wheel() { $pip --quiet --disable-pip-version-check download --platform win_amd64 --python-version 3.11 --only-binary=:all: -d wheels "$@"; }
wheel --no-deps 'panda3d==1.10.16'
wheel psutil 'typer>=0.24,<0.29' rich pyyaml platformdirs pytest colorama speedtest-cli netifaces-plus hypothesis jsonschema

mkdir -p py/DLLs py/Lib/site-packages
unzip -q -o wheels/panda3d*.whl 'deploy_libs/*' -d unpacked
mv unpacked/deploy_libs/python311.dll unpacked/deploy_libs/VCRUNTIME140.dll py/
mv unpacked/deploy_libs/*.pyd unpacked/deploy_libs/*.dll py/DLLs/
rm -r unpacked
(cd "$library" && tar cf - --exclude=test --exclude=lib-dynload --exclude='config-*' --exclude=__pycache__ --exclude=site-packages .) | tar xf - -C py/Lib
for file in wheels/*.whl; do
    case $file in *panda3d*) ;; *) unzip -q -o "$file" -d py/Lib/site-packages ;; esac
done

cat > launcher.c <<'C'
#include <windows.h>
typedef int (*main_t)(int, wchar_t **);
int wmain(int count, wchar_t **words) {
    HMODULE python = LoadLibraryW(L"python311.dll");
    main_t run = python ? (main_t)(void *)GetProcAddress(python, "Py_Main") : 0;
    return run ? run(count, words) : 120;
}
C
x86_64-w64-mingw32-gcc -municode -O1 -s -o py/python.exe launcher.c
# Modules of the stable interface load python3.dll: one that forwards every name.
{
    printf 'LIBRARY python3.dll\nEXPORTS\n'
    x86_64-w64-mingw32-objdump -p py/python311.dll |
        awk '/\[Ordinal\/Name Pointer\]/ {seen = 1; next} seen && /\[ *[0-9]+\]/ {print "  " $NF " = python311." $NF}' | sort -u
} > python3.def
echo 'int entry(void *a, unsigned b, void *c) { return 1; }' > forwarder.c
x86_64-w64-mingw32-gcc -shared -nostdlib -e entry -o py/python3.dll forwarder.c python3.def
# Modules written in Rust ask for randomness by a name that Wine 8 does not have.
cat > random.c <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE to, SIZE_T count) { return SystemFunction036(to, (ULONG)count); }
C
x86_64-w64-mingw32-gcc -shared -o py/bcryptprimitives.dll random.c -ladvapi32
WINEPREFIX=$folder/prefix WINEDEBUG=-all WINEARCH=win64 DISPLAY='' wine wineboot -i < /dev/null > /dev/null 2>&1
touch ready
