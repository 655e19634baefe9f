//! What a body gives away: stack traces, debug pages, directory listings, default pages,
//! database errors, private addresses, keys.
//!
//! Each finding names its rule and shows a short excerpt in which secrets are masked. Rules look
//! for text that the software itself writes, so that a page *about* an error seldom matches.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of a body is searched.
const SEARCHED: usize = 1 << 20;

/// How many characters an excerpt has at most.
const EXCERPT: usize = 120;

/// Something that a body gives away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Leak {
    /// The rule's name: `python-traceback`, `apache-listing` …
    pub rule: String,
    /// What kind of thing it is.
    pub kind: LeakKind,
    /// The text around it on one line, secrets masked.
    pub excerpt: String,
}

/// What kind of thing a body gives away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LeakKind {
    /// A stack trace of a program.
    StackTrace,
    /// A framework's page for developers.
    DebugPage,
    /// A list of the files in a folder.
    DirectoryListing,
    /// The page that a server shows before it is set up.
    DefaultPage,
    /// A database's error message.
    DatabaseError,
    /// An address of a private network.
    PrivateAddress,
    /// A key or password.
    Secret,
    /// An internal report of a server: status pages, environment dumps, metrics.
    InternalPage,
    /// A file of the project that is not meant for visitors: configuration, repository, dump.
    InternalFile,
    /// A packed archive or database file, as its first bytes say; harmless where it is offered
    /// on purpose.
    Archive,
}

macro_rules! rules {
    ($($kind:ident { $($name:literal $pattern:literal)+ })+) => {
        /// Name, kind and pattern of each rule.
        const RULES: &[(&str, LeakKind, &str)] = &[$($(($name, LeakKind::$kind, $pattern),)+)+];
    };
}

rules! {
    StackTrace {
        "python-traceback" r"Traceback \(most recent call last\)"
        "java-stack" r"\bat (?:[a-z_$][\w$]*\.)+[A-Z][\w$]*\.[\w$<>]+\((?:\w+\.(?:java|kt|scala):\d+|Native Method|Unknown Source)\)"
        "node-stack" r"\bat (?:async )?(?:[\w.$<>\[\] ]+ \()?(?:file://|node:|/|[A-Z]:\\)[^\s()<>]{1,200}:\d+:\d+\)?"
        "php-error" r"(?:Fatal error|Parse error|Warning|Notice|Deprecated)(?:</b>)?: .{1,200} in (?:<b>)?[^\s<]{1,200}\.php(?:</b>)? on line (?:<b>)?\d+"
        "php-stack" r"#\d+ [^\s(]{1,200}\.php\(\d+\): "
        "ruby-stack" r"[\w./-]{1,200}\.rb:\d+:in [`'][^'\n]{1,100}'"
        "go-panic" r"goroutine \d+ \[[a-z ]{1,40}\]:"
        "dotnet-stack" r"\bat [\w.`<>\[\]]{1,200}\([^)]{0,200}\) in (?:[A-Z]:)?[^:\n]{1,200}:line \d+"
        "dotnet-server-error" r"Server Error in '[^']{0,100}' Application"
        "rust-panic" r"thread '[^']{1,100}' (?:\(\d+\) )?panicked at "
        "elixir-stack" r"\*\* \((?:[A-Z]\w*\.?)*Error\)"
    }
    DebugPage {
        "django-debug" r"You're seeing this error because you have <code>DEBUG = True</code>"
        "werkzeug-debugger" r"(?:Werkzeug Debugger|The debugger caught an exception in your WSGI application)"
        "laravel-ignition" r"(?:window\.ignite\(|ignition[-_](?:app|config)|Illuminate\\[A-Z]\w+\\)"
        "symfony-profiler" r"(?:sf-toolbar|Symfony Exception)"
        "rails-debug" r"(?:<h1>Action Controller: Exception caught|Rails\.root: )"
        "aspnet-developer-page" r"An unhandled exception occurred while processing the request\."
        "spring-whitelabel-trace" r"Whitelabel Error Page(?s:.{0,2000})\bat [a-z]+\."
        "express-development" r"<pre>\w*Error: [^<]{1,300}<br>\s*(?:&nbsp;|\s)*at "
    }
    DirectoryListing {
        "apache-listing" r"(?i)<title>Index of /[^<]{0,300}</title>"
        "python-listing" r"<title>Directory listing for /"
        "tomcat-listing" r"<title>Directory Listing For \["
        "iis-listing" r"(?i)\[To Parent Directory\]</a>"
        "bucket-listing" r"<ListBucketResult[ >]"
        "lighttpd-listing" r#"<div class="foot">lighttpd/"#
        "caddy-listing" r"<span class=.dirs?.>|(?s:<title>[^<]{0,200}</title>.{0,3000}id=.filter.{0,500}onkeyup=.filter\(\))"
    }
    DefaultPage {
        "nginx-default" r"<title>Welcome to nginx!</title>"
        "apache-default" r"(?:<title>Apache2 (?:Debian|Ubuntu) Default Page|<html><body><h1>It works!</h1></body></html>)"
        "iis-default" r"<title>IIS Windows(?: Server)?</title>"
        "caddy-default" r"<title>Caddy works!</title>"
        "tomcat-default" r"<title>Apache Tomcat/\d"
        "django-default" r"The install worked successfully! Congratulations!"
        "rails-default" r"<title>(?:Ruby on Rails [\d.]+|Yay! You.re on Rails!)"
        "plesk-default" r"<title>(?:Default (?:PLESK|Plesk) Page|Web Server's Default Page)</title>"
    }
    DatabaseError {
        "mysql-error" r"(?:You have an error in your SQL syntax|SQLSTATE\[[0-9A-Z]{5}\]|mysqli?_(?:query|fetch)\w*\(\))"
        "postgres-error" r#"(?:PG::\w+Error|pg_query\(\)|psycopg2?\.errors?\.\w+|ERROR: {1,2}(?:syntax error at or near|relation "[^"]{1,100}" does not exist))"#
        "oracle-error" r"\bORA-\d{5}: "
        "sqlserver-error" r"(?:Unclosed quotation mark after the character string|Microsoft OLE DB Provider for SQL Server|System\.Data\.SqlClient\.SqlException)"
        "sqlite-error" r"(?:sqlite3\.(?:Operational|Integrity|Programming)Error|SQLITE_ERROR)"
        "mongo-error" r"(?:MongoServerError|MongoNetworkError|pymongo\.errors\.\w+)"
    }
    PrivateAddress {
        "private-ipv4" r"\b(?:10\.\d{1,3}\.\d{1,3}\.\d{1,3}|192\.168\.\d{1,3}\.\d{1,3}|172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.\d{1,3})(?::\d{1,5})?\b"
        "internal-name" r"\b[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.(?:svc\.cluster\.local|compute\.internal|ec2\.internal)\b"
    }
    Secret {
        "private-key" r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
        "aws-key-id" r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
        "database-url" r"\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqps?)://[^\s:@/<>]{1,100}:[^\s@/<>]{1,200}@[\w.-]{1,253}"
        "env-file" r"(?m)^(?:export )?[A-Z][A-Z0-9_]*(?:SECRET|PASSWORD|PASSWD|API_KEY|TOKEN|PRIVATE_KEY|DATABASE_URL|DB_PASS)[A-Z0-9_]* ?= ?\S{3,}"
        "github-token" r"\bgh[pousr]_[A-Za-z0-9]{36}\b"
        "stripe-key" r"\b[sr]k_live_[A-Za-z0-9]{16,}"
        "slack-token" r"\bxox[abprs]-[A-Za-z0-9-]{10,}"
        "php-password" r"(?i)define\(\s*['\x22]DB_PASSWORD['\x22]\s*,"
    }
    InternalPage {
        "phpinfo" r"<title>(?:PHP [\d.]+ - )?phpinfo\(\)</title>"
        "apache-status" r"(?i)<title>Apache Status</title>"
        "nginx-status" r"(?m)^Active connections: \d+"
        "spring-env" r#""propertySources"\s*:\s*\["#
        "prometheus-metrics" r"(?m)^# (?:HELP|TYPE) [a-zA-Z_:][\w:]* "
        "go-pprof" r"<title>/debug/pprof/</title>"
    }
    InternalFile {
        "dotenv" r"\A(?:\xef\xbb\xbf)?(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:export )?[A-Z][A-Z0-9_]{2,63}[ \t]?="
        "git-config" r"(?m)^\[core\]\s*$"
        "git-head" r"\Aref: refs/heads/\S+\s*\z"
        "sql-dump" r"(?m)^-- (?:MySQL dump|PostgreSQL database dump|MariaDB dump)"
        "source-map" r#"(?s)\A\s*\{.{0,200}"version"\s*:\s*3.{0,2000}"(?:sources|mappings)"\s*:"#
        "php-source" r"\A\s*<\?php\s"
        "htpasswd" r"(?m)\A[\w.-]{1,64}:(?:\$apr1\$|\$2[aby]\$|\{SHA\})"
        "aws-credentials" r"(?m)^\[default\]\s*\n\s*aws_access_key_id"
        "ds-store" r"\A\x00\x00\x00\x01Bud1"
    }
    Archive {
        "zip-archive" r"\APK\x03\x04"
        "gzip-archive" r"\A\x1f\x8b\x08"
        "bzip2-archive" r"\ABZh[1-9]1AY&SY"
        "xz-archive" r"\A\xfd7zXZ\x00"
        "tar-archive" r"\A(?s:.{257})ustar"
        "sqlite-database" r"\ASQLite format 3\x00"
    }
}

static PATTERNS: LazyLock<Vec<(&str, LeakKind, Regex)>> = LazyLock::new(|| {
    RULES
        .iter()
        .filter_map(|(name, kind, pattern)| {
            let regex = RegexBuilder::new(pattern).unicode(false).build().ok()?;
            Some((*name, *kind, regex))
        })
        .collect()
});

/// Everything that the rules find in the first MiB of a body, at most once for each rule.
pub(super) fn read(body: &[u8]) -> Vec<Leak> {
    let searched = body.get(..SEARCHED).unwrap_or(body);
    PATTERNS
        .iter()
        .filter_map(|(rule, kind, pattern)| {
            let found = pattern.find(searched)?;
            Some(Leak {
                rule: (*rule).to_owned(),
                kind: *kind,
                excerpt: excerpt(found.as_bytes(), *kind),
            })
        })
        .collect()
}

/// One printable line; of a secret only its beginning.
fn excerpt(found: &[u8], kind: LeakKind) -> String {
    let line: String = String::from_utf8_lossy(found)
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .take(EXCERPT)
        .collect();
    if kind == LeakKind::Secret {
        masked(&line)
    } else {
        line
    }
}

/// Keeps what names the secret: a variable's name, a URL's scheme, or four characters.
fn masked(line: &str) -> String {
    if line.starts_with("-----BEGIN") || line.to_ascii_lowercase().starts_with("define(") {
        return line.to_owned();
    }
    let keep = line
        .find('=')
        .map(|at| at.saturating_add(1))
        .or_else(|| line.find("://").map(|at| at.saturating_add(3)))
        .unwrap_or(4);
    format!("{}…", line.get(..keep).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(body: &str) -> Vec<String> {
        read(body.as_bytes())
            .into_iter()
            .map(|leak| leak.rule)
            .collect()
    }

    #[test]
    fn every_rule_compiles_and_has_a_name_of_its_own() {
        assert_eq!(PATTERNS.len(), RULES.len());
        let names: std::collections::BTreeSet<_> = RULES.iter().map(|(name, ..)| name).collect();
        assert_eq!(names.len(), RULES.len());
    }

    #[test]
    fn what_software_writes_is_found_by_the_right_rule() {
        for (rule, body) in [
            (
                "python-traceback",
                "Traceback (most recent call last):\n  File \"app.py\", line 3",
            ),
            (
                "java-stack",
                "  at com.zebu.web.OrderController.show(OrderController.java:42)",
            ),
            (
                "node-stack",
                "Error: x\n    at Object.<anonymous> (/srv/app/index.js:10:15)",
            ),
            (
                "php-error",
                "<b>Warning</b>: include(a) in <b>/var/www/index.php</b> on line <b>3</b>",
            ),
            ("php-stack", "#0 /var/www/index.php(12): run()"),
            ("ruby-stack", "app/models/user.rb:12:in `find'"),
            ("go-panic", "goroutine 1 [running]:\nmain.main()"),
            (
                "dotnet-stack",
                "   at Zebu.Web.Home.Index(Int32 id) in C:\\src\\Home.cs:line 12",
            ),
            ("rust-panic", "thread 'main' panicked at src/main.rs:2:5:"),
            (
                "django-debug",
                "You're seeing this error because you have <code>DEBUG = True</code> in",
            ),
            ("werkzeug-debugger", "<title>x // Werkzeug Debugger</title>"),
            (
                "express-development",
                "<pre>TypeError: x is undefined<br> &nbsp; &nbsp;at Layer.handle",
            ),
            (
                "apache-listing",
                "<html><head><title>Index of /backup</title>",
            ),
            ("bucket-listing", "<ListBucketResult xmlns=\"http://s3\">"),
            ("nginx-default", "<title>Welcome to nginx!</title>"),
            (
                "mysql-error",
                "You have an error in your SQL syntax; check the manual",
            ),
            (
                "postgres-error",
                "ERROR:  relation \"users\" does not exist",
            ),
            ("private-ipv4", "upstream 10.0.3.17:8080 failed"),
            ("private-key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"),
            ("env-file", "APP=1\nDB_PASSWORD=hunter22\n"),
            ("phpinfo", "<title>PHP 8.2.7 - phpinfo()</title>"),
            (
                "spring-env",
                "{\"activeProfiles\":[],\"propertySources\":[{\"name\":\"x\"}]}",
            ),
            (
                "prometheus-metrics",
                "# HELP go_goroutines Number\n# TYPE go_goroutines gauge\n",
            ),
            ("git-head", "ref: refs/heads/main\n"),
            ("git-config", "[core]\n\trepositoryformatversion = 0\n"),
            (
                "source-map",
                "{\"version\":3,\"file\":\"a.js\",\"sources\":[\"a.ts\"],\"mappings\":\"\"}",
            ),
        ] {
            assert!(
                rules(body).iter().any(|found| found == rule),
                "{rule}: {:?}",
                rules(body)
            );
        }
    }

    #[test]
    fn ordinary_pages_give_nothing_away() {
        for body in [
            "<!doctype html><title>Zebu</title><p>Meet us at 10.30 or call 192.168.",
            "<p>How to read a traceback in Python; the index of books; version 10.2.3</p>",
            "{\"status\":\"ok\",\"version\":\"1.2.3\",\"token\":null}",
            "User-agent: *\nDisallow: /admin\n",
            "<p>Set PASSWORD in your settings</p>",
        ] {
            assert_eq!(rules(body), Vec::<String>::new(), "{body}");
        }
    }

    #[test]
    fn excerpts_mask_secrets_and_hold_no_control_characters() {
        let body = "X=1\nAPI_TOKEN=abcdef123456\npostgres://app:hunter22@db.example/x AKIAABCDEFGHIJKLMNOP";
        let shown = serde_json::to_string(&read(body.as_bytes())).unwrap();
        for secret in ["abcdef123456", "hunter22", "ABCDEFGHIJKLMNOP"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("API_TOKEN=…") && shown.contains("postgres://…"));
        let trace = read(b"#0 /a\x1b[31m.php(1): x");
        assert!(
            !trace
                .iter()
                .any(|leak| leak.excerpt.chars().any(char::is_control))
        );
    }
}
