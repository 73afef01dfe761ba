#!/bin/sh
# Stands in for the client's network service: gives the adapter its addresses and ways whenever it comes up.
# Usage: keeper.sh ADAPTER BATCH_FILE BATCH6_FILE
ip -o monitor link | while read -r line; do
    case $line in
    *" $1"[:@]*"state UP"*) ip -force -batch "$2" 2>/dev/null; ip -6 -force -batch "$3" 2>/dev/null ;;
    esac
done
