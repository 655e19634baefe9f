# Starts this system's own files as another machine with systemd. It lives in the namespaces
# of `unshare`: everything that it writes is in memory, and gone when it ends.
# Usage: boot.sh STAGE FILES TARGET, with an empty folder, what is different on the machine,
# and the unit to start.
set -eu
stage=$1 files=$2 target=$3
mount --make-rprivate /
mount -t tmpfs -o size=64g stage "$stage"
mkdir "$stage/upper" "$stage/work" "$stage/root"
root=$stage/root
mount -t overlay -o "lowerdir=/,upperdir=$stage/upper,workdir=$stage/work" overlay "$root"
rm -rf "$root/etc/systemd/system" "$root/etc/cron.d" "$root/var/log/journal" \
    "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d" "$root/var/lib/apt/lists"
cp -a "$files/." "$root/"

mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
fi
# Its size and load are those that it is given, as container managers do it.
for given in sys/devices/system/cpu/online proc/loadavg proc/meminfo; do
    if [ -e "$root/given/$given" ]; then mount --bind "$root/given/$given" "$root/$given"; fi
done
mount -t tmpfs dev "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs run "$root/run"
mount -t tmpfs tmp "$root/tmp"
chmod 1777 "$root/tmp" "$root/dev/shm"

mkdir -p "$root/old"
cd "$root"
pivot_root . old
umount -l /old
export container=ready
exec /lib/systemd/systemd --system --unit="$target" --show-status=no
