//! Undoing a body's compression, with a limit on what comes out.

use std::io::{self, Read};

use bytes::Bytes;

/// A body after decompression.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// What came out, at most the limit.
    pub(super) bytes: Bytes,
    /// Whether more would have come.
    pub(super) truncated: bool,
}

/// Why a body could not be decompressed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undecodable {
    /// A coding that we did not ask for and do not know.
    Unknown,
    /// It is not what its coding says; the library's words.
    Corrupt(String),
}

/// More codings on top of each other than anybody needs.
const MOST_CODINGS: usize = 3;

/// What RFC 9659 allows in web content; more only serves to use up memory.
const LARGEST_ZSTD_WINDOW: u64 = 8 << 20;

/// Undoes the codings of a `content-encoding` header, the last one first. `whole` says whether
/// `body` is all of it; a part gives as much as can be had.
pub(super) fn decode(
    body: Bytes,
    codings: &str,
    whole: bool,
    limit: usize,
) -> Result<Decoded, Undecodable> {
    let mut now = Decoded {
        bytes: body,
        truncated: !whole,
    };
    let codings: Vec<String> = names(codings).collect();
    if codings.len() > MOST_CODINGS {
        return Err(Undecodable::Unknown);
    }
    for coding in codings.iter().rev() {
        if now.bytes.is_empty() {
            // An answer without a body, as to HEAD, may still name a coding.
            break;
        }
        let input = now.bytes.as_ref();
        let reader: Box<dyn Read + '_> = match coding.as_str() {
            "gzip" | "x-gzip" => Box::new(flate2::read::MultiGzDecoder::new(input)),
            // "deflate" means zlib; some servers send the bare stream.
            "deflate" if is_zlib(input) => Box::new(flate2::read::ZlibDecoder::new(input)),
            "deflate" => Box::new(flate2::read::DeflateDecoder::new(input)),
            "br" => Box::new(brotli_decompressor::Decompressor::new(input, 4096)),
            "zstd" => Box::new(ZstdFrames::new(input)),
            _ => return Err(Undecodable::Unknown),
        };
        now = read(reader, now.truncated, limit)?;
    }
    Ok(now)
}

/// The codings that a header names, `identity` left out.
pub(super) fn names(codings: &str) -> impl Iterator<Item = String> {
    codings
        .split(',')
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
}

fn read(
    mut reader: Box<dyn Read + '_>,
    was_cut: bool,
    limit: usize,
) -> Result<Decoded, Undecodable> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 << 10];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => {
                return Ok(Decoded {
                    bytes: bytes.into(),
                    truncated: was_cut,
                });
            }
            Ok(count) => {
                let room = limit - bytes.len();
                bytes.extend_from_slice(piece.get(..count.min(room)).unwrap_or_default());
                if count > room {
                    return Ok(Decoded {
                        bytes: bytes.into(),
                        truncated: true,
                    });
                }
            }
            // The end is missing because we did not read on.
            Err(_) if was_cut => {
                return Ok(Decoded {
                    bytes: bytes.into(),
                    truncated: true,
                });
            }
            Err(error) => return Err(Undecodable::Corrupt(error.to_string())),
        }
    }
}

fn is_zlib(input: &[u8]) -> bool {
    let [first, second, ..] = input else {
        return false;
    };
    first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0
}

/// Reads one zstd frame after the other.
struct ZstdFrames<'a> {
    input: &'a [u8],
    decoder: Option<ruzstd::decoding::FrameDecoder>,
}

impl<'a> ZstdFrames<'a> {
    fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            decoder: None,
        }
    }
}

impl Read for ZstdFrames<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        use ruzstd::decoding::BlockDecodingStrategy::UptoBlocks;
        loop {
            let Some(decoder) = &mut self.decoder else {
                if self.input.is_empty() {
                    return Ok(0);
                }
                if zstd_window(self.input).is_none_or(|window| window > LARGEST_ZSTD_WINDOW) {
                    return Err(io::Error::other("no zstd frame, or one with a huge window"));
                }
                let mut decoder = ruzstd::decoding::FrameDecoder::new();
                decoder.init(&mut self.input).map_err(io::Error::other)?;
                self.decoder = Some(decoder);
                continue;
            };
            let count = decoder.read(out)?;
            if count > 0 {
                return Ok(count);
            }
            if decoder.is_finished() {
                self.decoder = None;
                continue;
            }
            decoder
                .decode_blocks(&mut self.input, UptoBlocks(1))
                .map_err(io::Error::other)?;
        }
    }
}

/// The window that a zstd frame (RFC 8878, 3.1.1) wants; `None` if this is no frame.
fn zstd_window(frame: &[u8]) -> Option<u64> {
    let rest = frame.strip_prefix(&[0x28, 0xb5, 0x2f, 0xfd])?;
    let (descriptor, rest) = rest.split_first()?;
    let single_segment = descriptor & 0x20 != 0;
    if !single_segment {
        let window = rest.first()?;
        let base = 1_u64 << (10 + (window >> 3));
        return Some(base + base / 8 * u64::from(window & 7));
    }
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let length = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let field = rest.get(dictionary..dictionary + length)?;
    let mut size = [0; 8];
    size.get_mut(..length)?.copy_from_slice(field);
    // Two bytes count from 256 on.
    u64::from_le_bytes(size).checked_add(if length == 2 { 256 } else { 0 })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(data: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
    }

    /// A brotli stream of one uncompressed meta-block and an empty last one.
    fn brotli_stored(data: &[u8]) -> Vec<u8> {
        // Window bits 16, not last, four nibbles of length - 1, uncompressed.
        let length = u32::try_from(data.len() - 1).unwrap();
        let header = length << 4 | 1 << 20;
        let mut bytes = header.to_le_bytes()[..3].to_vec();
        bytes.extend_from_slice(data);
        bytes.push(3);
        bytes
    }

    #[test]
    fn every_coding_comes_back() {
        let text = b"hello hello hello".repeat(100);
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&text).unwrap();
        let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        bare.write_all(&text).unwrap();
        for (codings, body) in [
            ("", text.clone()),
            ("identity", text.clone()),
            ("gzip", gzip(&text)),
            ("X-GZIP", gzip(&text)),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", bare.finish().unwrap()),
            ("br", brotli_stored(&text)),
            ("zstd", zstd(&text)),
            ("zstd", [zstd(&text[..17]), zstd(&text[17..])].concat()),
            ("zstd, gzip", gzip(&zstd(&text))),
        ] {
            let decoded = decode(body.into(), codings, true, 1 << 20).unwrap();
            assert_eq!(decoded.bytes, text, "{codings}");
            assert!(!decoded.truncated, "{codings}");
        }
    }

    #[test]
    fn bombs_are_cut() {
        let zeros = vec![0; 32 << 20];
        for (codings, bomb) in [
            ("gzip", gzip(&zeros)),
            ("gzip, gzip", gzip(&gzip(&zeros))),
            ("zstd", zstd(&zeros)),
        ] {
            let decoded = decode(bomb.into(), codings, true, 1000).unwrap();
            assert_eq!(decoded.bytes.len(), 1000, "{codings}");
            assert!(decoded.truncated);
        }
    }

    #[test]
    fn a_huge_window_is_refused() {
        // 1 GiB window, in a frame of a few bytes.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3, 1, 0, 0];
        assert_eq!(zstd_window(&frame), Some(1 << 30));
        let refused = decode(Bytes::copy_from_slice(&frame), "zstd", true, 1000);
        assert!(matches!(refused, Err(Undecodable::Corrupt(_))));
    }

    #[test]
    fn a_part_gives_what_it_holds() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut part = gzip(&text);
        part.truncate(part.len() / 2);
        let decoded = decode(part.clone().into(), "gzip", false, 1 << 20).unwrap();
        assert!(decoded.truncated && !decoded.bytes.is_empty());
        assert!(text.starts_with(&decoded.bytes));
        let corrupt = decode(part.into(), "gzip", true, 1 << 20);
        assert!(matches!(corrupt, Err(Undecodable::Corrupt(_))));
    }

    #[test]
    fn exactly_the_limit_is_whole() {
        let decoded = decode(gzip(&[7; 1000]).into(), "gzip", true, 1000).unwrap();
        assert_eq!((decoded.bytes.len(), decoded.truncated), (1000, false));
    }

    #[test]
    fn what_is_not_known_is_told() {
        let body = Bytes::from_static(b"x");
        for codings in ["compress", "gzip, gzip, gzip, gzip"] {
            let refused = decode(body.clone(), codings, true, 10);
            assert_eq!(refused, Err(Undecodable::Unknown));
        }
        assert_eq!(
            decode(Bytes::new(), "gzip", true, 10).unwrap().bytes,
            Bytes::new(),
            "an answer to HEAD has no body"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            garbage in proptest::collection::vec(any::<u8>(), 0..300),
            flip in any::<prop::sample::Index>(),
            bit in 0..8_u8,
        ) {
            for codings in ["gzip", "deflate", "br", "zstd"] {
                let _ = decode(garbage.clone().into(), codings, true, 10_000);
            }
            let framed = [&[0x28, 0xb5, 0x2f, 0xfd][..], &garbage].concat();
            let _ = decode(framed.into(), "zstd", true, 10_000);
            let mut damaged = zstd(&b"some text to pack ".repeat(20));
            let at = flip.index(damaged.len());
            damaged[at] ^= 1_u8 << bit;
            let _ = decode(damaged.into(), "zstd", false, 10_000);
        }
    }
}
