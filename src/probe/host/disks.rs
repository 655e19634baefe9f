//! File systems, by `df` and the list of what is mounted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::machine::share;
use super::sections::Look;
use crate::probe::ProbeError;

/// A file system on a disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Filesystem {
    /// Where it is mounted.
    pub mount: String,
    /// The device.
    pub device: String,
    /// Size.
    pub total_bytes: u64,
    /// What is used.
    pub used_bytes: u64,
    /// What users other than root can still have.
    pub available_bytes: u64,
    /// Share that is used of what users can have, as `df` counts it.
    pub used_percent: f64,
}

/// Room for files of a file system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Inodes {
    /// Where it is mounted.
    pub mount: String,
    /// Files that it can hold.
    pub total: u64,
    /// Files that it holds.
    pub used: u64,
    /// Share that is used.
    pub used_percent: f64,
}

/// A row of `df -P`: device, four numbers, the mount point.
struct Row<'t> {
    device: &'t str,
    total: u64,
    used: u64,
    available: u64,
    mount: &'t str,
}

fn rows(text: &str) -> Option<Vec<Row<'_>>> {
    let lines = text.lines().skip(1).filter(|line| !line.is_empty());
    lines.map(row).collect()
}

fn row(line: &str) -> Option<Row<'_>> {
    let mut rest = line;
    let mut word = || {
        let (word, after) = rest.trim_start().split_once(char::is_whitespace)?;
        rest = after;
        Some(word)
    };
    let (device, total, used, available, _) = (word()?, word()?, word()?, word()?, word()?);
    // A file system that does not count has `-`.
    let number = |text: &str| {
        if text == "-" {
            Some(0)
        } else {
            text.parse().ok()
        }
    };
    Some(Row {
        device,
        total: number(total)?,
        used: number(used)?,
        available: number(available)?,
        mount: rest.trim_start(),
    })
}

/// Devices and mount points of file systems that can fill up: those on block devices, pools of
/// ZFS, and the root wherever it is. Images that are only read are always full.
fn disks(mounts: &str) -> Vec<(&str, &str)> {
    let disk = |line| {
        let mut words = str::split(line, ' ');
        let (device, mount, kind) = (words.next()?, words.next()?, words.next()?);
        let other = ["squashfs", "iso9660", "erofs", "udf", "rootfs"].contains(&kind);
        let fills = device.starts_with("/dev/") || kind == "zfs" || mount == "/";
        (fills && !other).then_some((device, mount))
    };
    mounts.lines().filter_map(disk).collect()
}

/// The rows of `df` for disks. Every one of them must be there: one that this user may not see
/// could be the full one.
fn disk_rows<'t>(look: &'t Look, section: &str) -> Result<Vec<Row<'t>>, ProbeError> {
    let disks = disks(look.said("mounts")?);
    // It complains of what nobody asks about as well, such as the mounts of other users.
    let rows = rows(look.said_in_part(section)?).ok_or_else(|| look.odd(section))?;
    let is_one = |row: &Row<'_>, (device, mount): &(&str, &str)| {
        row.device == *device || row.mount == *mount
    };
    let missing = disks
        .iter()
        .any(|disk| !rows.iter().any(|row| is_one(row, disk)));
    if missing || disks.is_empty() {
        // What it complained about says why.
        return Err(look
            .said(section)
            .err()
            .unwrap_or_else(|| look.odd(section)));
    }
    let of_disks = |row: &Row<'_>| disks.iter().any(|disk| is_one(row, disk));
    look.bounded("file systems", rows.into_iter().filter(of_disks).collect())
}

pub(super) fn filesystems(look: &Look) -> Result<Vec<Filesystem>, ProbeError> {
    let rows = disk_rows(look, "disk")?;
    let found = rows.into_iter().map(|row| {
        Some(Filesystem {
            mount: row.mount.to_owned(),
            device: row.device.to_owned(),
            total_bytes: row.total.checked_mul(1024)?,
            used_bytes: row.used.checked_mul(1024)?,
            available_bytes: row.available.checked_mul(1024)?,
            used_percent: share(row.used, row.used.checked_add(row.available)?),
        })
    });
    found.collect::<Option<_>>().ok_or_else(|| look.odd("disk"))
}

/// Some file systems make room for files as they need it; those are left out.
pub(super) fn inodes(look: &Look) -> Result<Vec<Inodes>, ProbeError> {
    let rows = disk_rows(look, "inodes")?;
    let found = rows.into_iter().filter(|row| row.total > 0);
    let found = found.map(|row| Inodes {
        mount: row.mount.to_owned(),
        total: row.total,
        used: row.used,
        used_percent: share(row.used, row.total),
    });
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use super::{disks, row};

    #[test]
    fn disks_are_told_from_what_is_only_mounted() {
        let mounts = "proc /proc proc rw 0 0\n/dev/vda1 / ext4 rw 0 0\n/dev/loop1 /snap/x squashfs ro 0 0\ntank/data /data zfs rw 0 0\noverlay /var/lib/docker/overlay2/x/merged overlay rw 0 0\nbad\n";
        assert_eq!(disks(mounts), [("/dev/vda1", "/"), ("tank/data", "/data")]);
        let of_container = "rootfs / rootfs rw 0 0\noverlay / overlay rw 0 0\n";
        assert_eq!(disks(of_container), [("overlay", "/")]);
        let found = row("/dev/vda1  100 60   40  60% /srv/with space").unwrap();
        assert_eq!(
            (found.device, found.mount),
            ("/dev/vda1", "/srv/with space")
        );
        assert_eq!((found.total, found.used, found.available), (100, 60, 40));
        assert_eq!(row("none - - - - /x").map(|row| row.total), Some(0));
        assert!(row("/dev/vda1 100 sixty 40 60% /").is_none());
        assert!(row("/dev/vda1 100").is_none());
    }
}
