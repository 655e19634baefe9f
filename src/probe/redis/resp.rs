//! The few lines of the Redis protocol (RESP2) that asking takes.

use crate::probe::ProbeError;
use crate::probe::net::talk::Talk;

/// The longest line of a reply, in bytes.
const LINE: u64 = 16 << 10;

/// The longest text in a reply, in bytes.
const TEXT: usize = 1 << 20;

/// The most texts in a list.
const ITEMS: usize = 256;

/// What the server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// `+PONG`, a text, or a number as text; what is no UTF-8 is replaced.
    Text(String),
    /// Nothing by that name.
    Nothing,
    /// Several texts.
    List(Vec<String>),
    /// A complaint, its first word being the code.
    Error(String),
}

/// Sends a command of these words and reads the reply.
pub(super) async fn ask(talk: &mut Talk, words: &[&str]) -> Result<Reply, ProbeError> {
    talk.say(&request(words)).await?;
    let reply = one(talk).await?;
    let Err(count) = reply else {
        return Ok(reply.unwrap_or(Reply::Nothing));
    };
    let mut list = Vec::new();
    for _ in 0..count {
        match one(talk).await? {
            Ok(Reply::Text(text)) => list.push(text),
            Ok(Reply::Nothing) => list.push(String::new()),
            _ => return Err(not_redis(talk, &[])),
        }
    }
    Ok(Reply::List(list))
}

fn request(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// One reply, or the number of those that follow as a list.
async fn one(talk: &mut Talk) -> Result<Result<Reply, usize>, ProbeError> {
    let line = talk.line(LINE).await?;
    let Some((kind, rest)) = line.split_first() else {
        return Err(not_redis(talk, &line));
    };
    let text = String::from_utf8_lossy(rest);
    let length = text.parse::<i64>().ok();
    let count = length.and_then(|length| usize::try_from(length).ok());
    match (kind, count) {
        (b'+' | b':', _) => Ok(Ok(Reply::Text(text.into_owned()))),
        (b'-', _) => Ok(Ok(Reply::Error(text.into_owned()))),
        (b'$' | b'*', _) if length == Some(-1) => Ok(Ok(Reply::Nothing)),
        (b'$', Some(count)) if count <= TEXT => {
            let mut bytes = talk.bytes(count + 2).await?;
            if !bytes.ends_with(b"\r\n") {
                return Err(not_redis(talk, &line));
            }
            bytes.truncate(count);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Ok(Ok(Reply::Text(text)))
        }
        (b'*', Some(count)) if count <= ITEMS => Ok(Err(count)),
        _ => Err(not_redis(talk, &line)),
    }
}

fn not_redis(talk: &Talk, came: &[u8]) -> ProbeError {
    talk.garbled("does not speak the Redis protocol", came)
}

#[cfg(test)]
mod tests {
    use super::request;

    #[test]
    fn words_hold_anything() {
        assert_eq!(
            request(&["AUTH", "pä\r\n"]),
            "*2\r\n$4\r\nAUTH\r\n$5\r\npä\r\n\r\n".as_bytes()
        );
    }
}
