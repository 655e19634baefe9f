//! What the first bytes of a backup say it is.

use std::io::Read;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of a backup is looked at.
pub(super) const START: usize = 64 << 10;
/// How much of what is inside a compressed one.
const INSIDE: u64 = 8 << 10;
/// How far into a text SQL is looked for.
const HEADING: usize = 4 << 10;

/// What a backup is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Nothing.
    Empty,
    /// `pg_dump -Fc`.
    PgCustom,
    /// `pg_dump -Fd`.
    PgDirectory,
    /// `pg_dump -Ft`.
    PgTar,
    /// SQL statements, as `pg_dump` and `mysqldump` write them.
    Sql,
    /// A tar archive.
    Tar,
    /// A zip archive.
    Zip,
    /// Compressed by gzip.
    Gzip,
    /// Compressed by zstd.
    Zstd,
    /// Compressed by xz.
    Xz,
    /// Compressed by bzip2.
    Bzip2,
    /// Compressed by lz4.
    Lz4,
    /// Encrypted by age.
    Age,
    /// Encrypted by `gpg` or the like.
    Gpg,
    /// Encrypted by `openssl enc`.
    Openssl,
    /// A database of `SQLite`.
    Sqlite,
    /// A Redis snapshot.
    RedisRdb,
    /// Something else.
    Unknown,
}

/// What stands at the start, in order of trust.
const MAGIC: [(&[u8], Form); 17] = [
    (b"PGDMP", Form::PgCustom),
    (b"SQLite format 3\0", Form::Sqlite),
    (b"REDIS0", Form::RedisRdb),
    (b"age-encryption.org/v1\n", Form::Age),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", Form::Age),
    (b"-----BEGIN PGP MESSAGE-----", Form::Gpg),
    (b"Salted__", Form::Openssl),
    (b"\xfd7zXZ\0", Form::Xz),
    (b"\x28\xb5\x2f\xfd", Form::Zstd),
    (b"\x04\x22\x4d\x18", Form::Lz4),
    (b"PK\x03\x04", Form::Zip),
    (b"\x1f\x8b\x08", Form::Gzip),
    (b"BZh1", Form::Bzip2),
    (b"BZh5", Form::Bzip2),
    (b"BZh6", Form::Bzip2),
    (b"BZh8", Form::Bzip2),
    (b"BZh9", Form::Bzip2),
];

/// Words that tell a dump in SQL, and those that such a file may begin with.
const DUMPS: [&str; 5] = [
    "PostgreSQL database dump",
    "PostgreSQL database cluster dump",
    "MySQL dump",
    "MariaDB dump",
    "mysqldump",
];
const STATEMENTS: [&str; 9] = [
    "SET ", "CREATE ", "INSERT ", "BEGIN", "DROP ", "COPY ", "PRAGMA ", "USE ", "ALTER ",
];

impl Form {
    /// What these first bytes are.
    pub(super) fn of(start: &[u8]) -> Self {
        if start.is_empty() {
            return Self::Empty;
        }
        if let Some((_, form)) = MAGIC.iter().find(|(magic, _)| start.starts_with(magic)) {
            return *form;
        }
        if start.get(257..262) == Some(b"ustar") {
            return if start.starts_with(b"toc.dat\0") {
                Self::PgTar
            } else {
                Self::Tar
            };
        }
        if is_sql(start) {
            return Self::Sql;
        }
        if is_openpgp(start) {
            return Self::Gpg;
        }
        Self::Unknown
    }

    /// What is inside, where it can be looked into; otherwise what it is itself.
    pub(super) fn content(self, start: &[u8]) -> Option<Self> {
        match self {
            Self::Gzip => Some(inside(flate2::read::MultiGzDecoder::new(start))),
            Self::Zstd => {
                let reader = ruzstd::decoding::StreamingDecoder::new(start).ok();
                Some(reader.map_or(Self::Unknown, inside))
            }
            Self::Xz | Self::Bzip2 | Self::Lz4 => None,
            form => Some(form),
        }
    }

    /// Whether nobody can read it without a key.
    pub(super) fn is_sealed(self) -> bool {
        matches!(self, Self::Age | Self::Gpg | Self::Openssl)
    }
}

/// What the start of something compressed is. It ends in the middle, as only its start is there.
fn inside(reader: impl Read) -> Form {
    let mut start = Vec::new();
    match reader.take(INSIDE).read_to_end(&mut start) {
        Err(_) if start.is_empty() => Form::Unknown,
        _ => Form::of(&start),
    }
}

fn is_sql(start: &[u8]) -> bool {
    let heading = &start[..start.len().min(HEADING)];
    let text = match std::str::from_utf8(heading) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() + 4 > heading.len() => {
            std::str::from_utf8(&heading[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    if text.contains('\0') {
        return false;
    }
    let statement = text
        .lines()
        .map(str::trim_start)
        .find(|line| !line.is_empty() && !line.starts_with("--") && !line.starts_with("/*"));
    let begins = |line: &str| {
        let line = line.to_ascii_uppercase();
        STATEMENTS.iter().any(|word| line.starts_with(word))
    };
    DUMPS.iter().any(|words| text.contains(words)) || statement.is_some_and(begins)
}

/// A message for a key (version 3 or 6 of its packet) or a passphrase (4 to 6), in the old or
/// the new way to write lengths.
fn is_openpgp(start: &[u8]) -> bool {
    let Some(&tag) = start.first() else {
        return false;
    };
    let (kind, after) = match tag {
        0x84..=0x86 | 0x8c..=0x8e => (tag >> 2 & 0xf, 1 << (tag & 3)),
        0xc1 | 0xc3 => {
            let length = match start.get(1) {
                Some(0..=191) => 1,
                Some(192..=223) => 2,
                Some(255) => 5,
                _ => return false,
            };
            (tag & 0x3f, length)
        }
        _ => return false,
    };
    let version = start.get(1 + after);
    match kind {
        1 => matches!(version, Some(3 | 6)),
        3 => matches!(version, Some(4..=6)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_begins_a_backup_tells_it() {
        let mut tar = vec![0; 512];
        tar[..4].copy_from_slice(b"data");
        tar[257..262].copy_from_slice(b"ustar");
        let mut pg_tar = tar.clone();
        pg_tar[..8].copy_from_slice(b"toc.dat\0");
        for (start, form) in [
            (&b""[..], Form::Empty),
            (b"PGDMP\x01\x0e", Form::PgCustom),
            (b"--\n-- PostgreSQL database dump\n--\n", Form::Sql),
            (b"-- a\n\nset statement_timeout = 0;", Form::Sql),
            (
                b"/*M!999999\\- enable the sandbox mode */\n-- MariaDB dump 10",
                Form::Sql,
            ),
            (b"create a nice day", Form::Sql),
            (&tar, Form::Tar),
            (&pg_tar, Form::PgTar),
            (b"\x85\x01\x0c\x03abc", Form::Gpg),
            (b"\x8c\x0d\x04\x09\x03", Form::Gpg),
            (b"\xc3\x0d\x04\x09\x03", Form::Gpg),
            (b"\x85\x01\x0c\x09abc", Form::Unknown),
            (b"\xc1", Form::Unknown),
            (b"Salted__12345678", Form::Openssl),
            (b"<html>", Form::Unknown),
            (b"\xff\xfe\0\0", Form::Unknown),
            (b"--", Form::Unknown),
        ] {
            assert_eq!(
                Form::of(start),
                form,
                "{:?}",
                start.escape_ascii().to_string()
            );
        }
    }

    #[test]
    fn compressed_backups_are_looked_into() {
        let dump = gzip(b"PGDMP and more");
        assert_eq!(Form::of(&dump), Form::Gzip);
        assert_eq!(Form::Gzip.content(&dump), Some(Form::PgCustom));
        assert_eq!(Form::Gzip.content(&gzip(b"")), Some(Form::Empty));
        assert_eq!(
            Form::Gzip.content(b"\x1f\x8b\x08nonsense"),
            Some(Form::Unknown)
        );
        assert_eq!(Form::Zstd.content(b"\x28\xb5\x2f\xfd"), Some(Form::Unknown));
        assert_eq!(Form::Xz.content(b"\xfd7zXZ\0"), None);
        assert_eq!(Form::Age.content(b"age"), Some(Form::Age));
        // A dump that is longer than what was read of it ends in the middle.
        let long: Vec<u8> = (0..400_000_u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        let cut = gzip(&[b"PGDMP", &long[..]].concat());
        assert_eq!(Form::Gzip.content(&cut[..START]), Some(Form::PgCustom));
    }
}
