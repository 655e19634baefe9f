//! Every function with its signatures, what it does and an example that is true.

use super::{Function, Group, Signature};

macro_rules! functions {
    ($($group:ident $name:literal $($signature:literal),+ : $about:literal, $example:literal;)+) => {
        &[$(Function {
            name: $name,
            group: Group::$group,
            signatures: &[$($signature),+],
            about: $about,
            example: $example,
        }),+]
    };
}

/// The table. A signature is written `kind.name(kind argument, …) -> kind`; the part before
/// the dot is there when the function is called on a value.
pub(super) const FUNCTIONS: &[Function] = functions! {
    Time "now" "now -> time":
        "When the run started. It has no parentheses.",
        "now > timestamp('2020-01-01T00:00:00Z')";
    Time "timestamp" "timestamp(string text) -> time":
        "A moment, from RFC 3339 text.",
        "timestamp('2026-01-01T00:00:00Z') < now";
    Time "duration" "duration(string text) -> duration":
        "A length of time, with the units w, d, h, m, s, ms, us and ns; a day is 24 hours.",
        "duration('14d') == duration('2w')";
    Time "days" "days(number count) -> duration":
        "That many days of 24 hours.",
        "now - timestamp('2020-01-01T00:00:00Z') > days(30)";
    Time "hours" "hours(number count) -> duration":
        "That many hours.",
        "hours(1.5) == duration('90m')";
    Time "getFullYear" "time.getFullYear() -> int":
        "The year, in UTC. Also `getMonth` and `getDayOfYear` (from 0), `getDate` (from 1), `getDayOfWeek` (Sunday is 0), `getHours`, `getMinutes`, `getSeconds`, `getMilliseconds`.",
        "timestamp('2026-11-21T12:00:00Z').getFullYear() == 2026";
    TimePart "getMonth" "time.getMonth() -> int": "The month, from 0.", "timestamp('2026-11-21T12:00:00Z').getMonth() == 10";
    TimePart "getDayOfYear" "time.getDayOfYear() -> int": "The day of the year, from 0.", "timestamp('2026-01-01T12:00:00Z').getDayOfYear() == 0";
    TimePart "getDayOfMonth" "time.getDayOfMonth() -> int": "The day of the month, from 0.", "timestamp('2026-01-01T12:00:00Z').getDayOfMonth() == 0";
    TimePart "getDate" "time.getDate() -> int": "The day of the month, from 1.", "timestamp('2026-01-01T12:00:00Z').getDate() == 1";
    TimePart "getDayOfWeek" "time.getDayOfWeek() -> int": "The day of the week, from Sunday as 0.", "timestamp('2026-11-22T12:00:00Z').getDayOfWeek() == 0";
    TimePart "getHours" "time.getHours() -> int", "duration.getHours() -> int": "The hour of the day, or the length in hours.", "duration('2d').getHours() == 48";
    TimePart "getMinutes" "time.getMinutes() -> int", "duration.getMinutes() -> int": "The minute, or the length in minutes.", "duration('2h').getMinutes() == 120";
    TimePart "getSeconds" "time.getSeconds() -> int", "duration.getSeconds() -> int": "The second, or the length in seconds.", "duration('2m').getSeconds() == 120";
    TimePart "getMilliseconds" "time.getMilliseconds() -> int", "duration.getMilliseconds() -> int": "The milliseconds within the second.", "timestamp('2026-11-21T12:00:00.250Z').getMilliseconds() == 250";

    Versions "version" "version(string text) -> version":
        "A version number that compares as people mean it. The numbers count and a missing one is 0; `p1` after them is one more; a pre-release (`-rc.1`, `beta2`) is below its release; words of a distribution (`-debian`, `+deb12u1`) do not count.",
        "version('9.2p1') > version('9.2') && version('7.0.15-debian') >= version('7.0.15') && version('16.7') < version('v16.10')";

    Network "cidr_contains" "cidr_contains(string network, string address) -> bool":
        "Whether an IP address is in a network. An address that is none is a failure and not false.",
        "cidr_contains('10.0.0.0/8', '10.1.2.3') && !cidr_contains('2001:db8::/32', '::1')";
    Network "is_private_ip" "is_private_ip(string address) -> bool":
        "Whether an IP address cannot be reached from the internet: private, loopback, link-local, carrier-grade NAT, unique local or unspecified, also when mapped into IPv6.",
        "is_private_ip('192.168.1.1') && is_private_ip('fd00::1') && !is_private_ip('9.9.9.9')";
    Network "url" "url(string text) -> url":
        "The parts of a URL: `scheme`, `host`, `port`, `path`, `query`, `origin` and `domain` (the registrable domain). `port` is the scheme's own when none is written. A part that the URL does not have is missing.",
        "url('https://api.shop.example.co.uk/v1?x=1').domain == 'example.co.uk' && url('https://a.example').port == 443";
    Network "header" "header(map headers, string name) -> any":
        "What the map holds under a name in any case. It is missing when no name fits; test with `'x-name' in http.headers`.",
        "header({'content-type': ['text/html']}, 'Content-Type') == ['text/html']";

    Text "contains" "string.contains(string part) -> bool":
        "Whether the text has the part.", "'nginx/1.22.1'.contains('nginx')";
    Text "startsWith" "string.startsWith(string part) -> bool":
        "Whether the text starts with the part.", "'https://a.example'.startsWith('https://')";
    Text "endsWith" "string.endsWith(string part) -> bool":
        "Whether the text ends with the part.", "'a.example'.endsWith('.example')";
    Text "matches" "string.matches(string pattern) -> bool", "matches(string text, string pattern) -> bool":
        "Whether the regular expression is found in the text; `^` and `$` for the whole.",
        "'max-age=31536000'.matches('max-age=[0-9]{8,}')";
    Text "glob" "glob(string text, string pattern) -> bool":
        "Whether the whole text fits a pattern, in which `*` stands for any characters and `?` for one.",
        "glob('www.a.example', '*.a.example')";
    Text "lower" "lower(string text) -> string":
        "The text in lower case.", "lower('DENY') == 'deny'";
    Text "lowerAscii" "string.lowerAscii() -> string":
        "The text with A to Z in lower case.", "'DENY'.lowerAscii() == 'deny'";
    Text "upperAscii" "string.upperAscii() -> string":
        "The text with a to z in upper case.", "'deny'.upperAscii() == 'DENY'";
    Text "trim" "string.trim() -> string":
        "The text without blanks at its ends.", "' a '.trim() == 'a'";
    Text "replace" "string.replace(string old, string new) -> string", "string.replace(string old, string new, int limit) -> string":
        "The text with one part replaced by another, everywhere or so many times.",
        "'a-b-c'.replace('-', '.') == 'a.b.c'";
    Text "split" "string.split(string separator) -> list", "string.split(string separator, int limit) -> list":
        "The parts between separators.", "'a, b'.split(', ') == ['a', 'b']";
    Text "join" "list.join() -> string", "list.join(string separator) -> string":
        "The strings of a list in one.", "['a', 'b'].join('+') == 'a+b'";
    Text "substring" "string.substring(int start) -> string", "string.substring(int start, int end) -> string":
        "A part of the text, by characters from 0.", "'nginx/1.22'.substring(6) == '1.22'";
    Text "indexOf" "string.indexOf(string part) -> int", "string.indexOf(string part, int start) -> int":
        "Where a part starts, or -1.", "'a=b'.indexOf('=') == 1";
    Text "lastIndexOf" "string.lastIndexOf(string part) -> int", "string.lastIndexOf(string part, int start) -> int":
        "Where a part starts the last time, or -1.", "'a=b=c'.lastIndexOf('=') == 3";
    Text "charAt" "string.charAt(int index) -> string":
        "One character.", "'abc'.charAt(1) == 'b'";
    Text "reverse" "string.reverse() -> string":
        "The text backwards.", "'abc'.reverse() == 'cba'";
    Text "base64_decode" "base64_decode(string text) -> string":
        "The text that Base64 stands for, with or without padding, in the standard or the URL alphabet.",
        "base64_decode('aGVsbG8') == 'hello'";
    Text "json" "json(string text) -> any":
        "The value that JSON text stands for.", "json('{\"status\": \"ok\"}').status == 'ok'";

    Numbers "percent" "percent(number part, number whole) -> number":
        "How many hundredths of the whole the part is, with fractions. A whole of 0 is a failure.",
        "percent(83, 100) < 90 && percent(1, 3) > 33.3";
    Numbers "min" "min(list numbers) -> number":
        "The smallest number of a list. An empty list is a failure.", "min([3, 1.5, 2]) == 1.5";
    Numbers "max" "max(list numbers) -> number":
        "The largest number of a list. An empty list is a failure.", "max([3, 1.5, 2]) == 3";
    Numbers "sum" "sum(list numbers) -> number":
        "The sum of a list of numbers.", "sum([1, 2, 3.5]) == 6.5";

    Values "size" "size(string text) -> int", "size(list items) -> int", "size(map entries) -> int", "size(bytes data) -> int", "string.size() -> int", "list.size() -> int", "map.size() -> int", "bytes.size() -> int":
        "How many characters, items, entries or bytes.", "size(['a', 'b']) == 2 && 'abc'.size() == 3";
    Values "int" "int(any value) -> int":
        "A whole number, from text, a number or a time (seconds since 1970). A fraction is cut off.", "int('42') == 42";
    Values "double" "double(any value) -> number":
        "A fraction, from text or a number.", "double('1.5') == 1.5";
    Values "string" "string(any value) -> string":
        "Text, from a number, a truth value, a time or a duration.", "string(42) == '42'";
    Values "bool" "bool(any value) -> bool":
        "True or false, from text.", "bool('true')";
    Values "type" "type(any value) -> type":
        "The type of a value.", "type(1) == int";
    Values "optional.of" "optional.of(any value) -> optional":
        "A value that may be absent. `a.?b` and `a[?'b']` give such a value without failing.", "optional.of(1).hasValue()";
    Values "optional.none" "optional.none() -> optional":
        "No value.", "!optional.none().hasValue()";
    Values "hasValue" "optional.hasValue() -> bool":
        "Whether there is a value.", "{'a': 1}.?a.hasValue()";
    Values "value" "optional.value() -> any":
        "The value; without one it is a failure.", "{'a': 1}.?a.value() == 1";
    Values "orValue" "optional.orValue(any other) -> any":
        "The value, or the other if there is none.", "{'a': 1}.?b.orValue(2) == 2";

    Loops "has" "has(any field) -> bool":
        "Whether a field is there: `has(http.headers.location)`. For other names write `'x-name' in http.headers`.",
        "has({'a': 1}.a) && !has({'a': 1}.b)";
    Loops "all" "list.all(x, condition) -> bool":
        "Whether the condition holds for every item, or for every key of a map. It does for an empty list.",
        "[1, 2].all(x, x > 0)";
    Loops "exists" "list.exists(x, condition) -> bool":
        "Whether the condition holds for at least one item.", "[1, 2].exists(x, x > 1)";
    Loops "exists_one" "list.exists_one(x, condition) -> bool":
        "Whether the condition holds for exactly one item.", "[1, 2].exists_one(x, x > 1)";
    Loops "filter" "list.filter(x, condition) -> list":
        "The items for which the condition holds.", "[1, 2, 3].filter(x, x > 1) == [2, 3]";
    Loops "map" "list.map(x, value) -> list", "list.map(x, condition, value) -> list":
        "What becomes of every item, or of those for which the condition holds.", "[1, 2].map(x, x * 2) == [2, 4]";
};

/// What a signature says, or `None` if it is written wrongly.
pub(super) fn parse(text: &'static str) -> Option<Signature> {
    let (call, gives) = text.split_once(" -> ")?;
    let gives = super::Kind::named(gives)?;
    let Some((name, rest)) = call.split_once('(') else {
        return Some(Signature {
            target: None,
            takes: Vec::new(),
            gives,
        });
    };
    let target = match name.rsplit_once('.') {
        Some(("optional", "of" | "none")) | None => None,
        Some((target, _)) => Some(super::Kind::named(target)?),
    };
    let arguments = rest.strip_suffix(')')?;
    let takes = arguments
        .split(", ")
        .filter(|argument| !argument.is_empty())
        .map(|argument| {
            super::Kind::named(argument.split_once(' ').map_or("any", |(kind, _)| kind))
        })
        .collect::<Option<Vec<_>>>()?;
    Some(Signature {
        target,
        takes,
        gives,
    })
}
