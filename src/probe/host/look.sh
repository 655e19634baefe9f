# Looks at a machine and changes nothing on it. `limit`, the seconds that one program may take,
# `lines` and `bytes`, the most that a section prints, are set before.
#
# After `<ready>`, for each section it prints `<NAME`, what the section prints with `|` before every line, and
# `>`. So nothing that the machine says can pass for another section. The last line before `>`
# is what the section complained about, and its exit code.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LC_ALL=C
TZ=UTC
SYSTEMD_PAGER=
SYSTEMD_COLORS=0
export PATH LC_ALL TZ SYSTEMD_PAGER SYSTEMD_COLORS

# Where it can, the program stays in our process group, to be ended with us.
bound=
if timeout --foreground 1 true 2>/dev/null; then
    bound="timeout --foreground $limit"
elif timeout 1 true 2>/dev/null; then
    bound="timeout $limit"
fi

section() {
    printf '<%s\n' "$1"
    {
        told=$({ "look_$1" </dev/null >&3 3>&-; printf '\n%s' "$?"; } 2>&1)
        printf '\n'
        printf '%s' "$told" | tr '\n\t' '  ' | tail -c 600
        printf '\n'
    } 3>&1 | head -c "$bytes" | sed -e 's/^/|/' -e "${lines}q"
    # What was cut has no end of its line.
    printf '\n>\n'
}

has() { command -v "$1" >/dev/null 2>&1; }

need() {
    has "$1" && return
    echo "$1 is not installed" >&2
    return 127
}

# Runs a program that may be missing, slow or forbidden.
run() {
    need "$1" || return
    $bound "$@"
}

look_user() { id -u; }
look_memory() { cat /proc/meminfo; }
look_load() { cat /proc/loadavg; }
look_uptime() { cat /proc/uptime; }
look_cpus() { getconf _NPROCESSORS_ONLN || grep -c '^processor' /proc/cpuinfo; }
look_mounts() { cat /proc/mounts; }
look_disk() { run df -P -k; }
look_inodes() { run df -P -i; }
look_passwd() { cat /etc/passwd; }
look_sockets() { run ss -H -l -n -t -u -p; }
look_addresses() { run ip -j addr show; }
look_time() { run timedatectl show; }
look_ufw() { run ufw status verbose; }
look_nft() { run nft -j list ruleset; }
look_iptables() { run iptables -S; }
look_ip6tables() { run ip6tables -S; }

look_release() {
    if [ -e /etc/os-release ]; then cat /etc/os-release; else cat /usr/lib/os-release; fi
}

# What an answer to IPv6 would be filtered for; a kernel without it has no such file.
look_inet6() {
    if [ -e /proc/net/if_inet6 ]; then cat /proc/net/if_inet6; fi
}

look_kernel() {
    printf 'running %s\n' "$(uname -r)"
    for image in /boot/vmlinuz-*; do
        if [ -e "$image" ]; then printf 'installed %s\n' "${image#/boot/vmlinuz-}"; fi
    done
    if [ -e /run/reboot-required ] || [ -e /var/run/reboot-required ]; then echo required; fi
}

look_sshd() {
    run sshd -T || return
    # Settings below `Match` hold for some logins only and are not among the ones above.
    if grep -iqs '^[[:space:]]*match[[:space:]]' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf
    then echo 'has-match yes'; else echo 'has-match no'; fi
}

look_fail2ban() {
    jails=$(run fail2ban-client status) || return
    printf '%s\n' "$jails"
    for jail in $(printf '%s\n' "$jails" | sed -n 's/.*Jail list://p' | tr ',' ' '); do
        run fail2ban-client status "$jail" || return
    done
}

look_units() {
    run systemctl show '*' --no-pager -p Id -p ActiveState -p SubState -p Result
}

look_timers() {
    printf 'Now=%s\n\n' "$(date +%s)"
    run systemctl show '*.timer' --no-pager -p Id -p Unit -p ActiveState -p LastTriggerUSec \
        -p NextElapseUSecRealtime
}

need_cron() {
    has cron || has crond || need crontab
}

# A file's lines, with its name above them.
show() {
    printf '=%s\n' "$1"
    sed 's/^/ /' "$1"
}

look_cron() {
    need_cron || return
    if grep -qsx -e cron -e crond /proc/[0-9]*/comm; then echo '+running'; else echo '-running'; fi
    for file in /etc/crontab /etc/cron.d/*; do
        if [ -f "$file" ]; then show "$file" || return; fi
    done
    for often in hourly daily weekly monthly; do
        for file in "/etc/cron.$often"/*; do
            if [ -x "$file" ]; then printf '@%s %s\n' "$often" "$file"; fi
        done
    done
}

look_crontabs() {
    need_cron || return
    for folder in /var/spool/cron/crontabs /var/spool/cron; do
        [ -d "$folder" ] || continue
        ls "$folder" >/dev/null || return
        for file in "$folder"/*; do
            if [ -f "$file" ]; then show "$file" || return; fi
        done
    done
}

look_unattended() {
    run apt-config dump APT::Periodic || return
    # Without the program that it calls, the setting does nothing.
    if has unattended-upgrade; then echo 'installed "1";'; else echo 'installed "0";'; fi
}

look_docker() {
    need dockerd || return
    # Without the file the daemon has its defaults.
    if [ -e /etc/docker/daemon.json ]; then cat /etc/docker/daemon.json; else echo '{}'; fi
}

look_updates() {
    need apt-get || return
    printf 'now %s\n' "$(date +%s)"
    for list in /var/lib/apt/lists/*_Packages* /var/lib/apt/lists/*_InRelease; do
        if [ -e "$list" ]; then echo 'list'; break; fi
    done
    for stamp in /var/lib/apt/periodic/update-success-stamp /var/lib/apt/periodic/update-stamp \
        /var/lib/apt/lists/partial /var/lib/apt/lists; do
        if [ -e "$stamp" ]; then stat -c 'fetched %Y' "$stamp"; fi
    done
    # A simulation; without these settings it would write what it has worked out to a cache.
    run apt-get -q -s -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
        dist-upgrade
}

all() {
    echo '<ready>'
    for name in user release kernel memory load uptime cpus mounts disk inodes passwd sockets \
        addresses inet6 time sshd ufw nft iptables ip6tables fail2ban units timers cron crontabs \
        docker unattended updates; do
        section "$name"
    done
    echo .
}

# Read to here before anything is done, so that a script that is cut off does nothing.
all
