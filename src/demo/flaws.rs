//! What is wrong with the shop, by the check that finds it.

/// One deliberate flaw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The built-in check that finds it.
    pub check: &'static str,
    /// Where it comes from.
    pub source: &'static str,
}

/// Every deliberate flaw. A test holds that each is found and that nothing else is.
pub const FLAWS: &[Flaw] = &[
    Flaw {
        check: "tls/not-expiring",
        source: "the certificate is issued with six days left",
    },
    Flaw {
        check: "web/https-redirect",
        source: "the plain-HTTP port serves the page itself",
    },
    Flaw {
        check: "web/https-redirect-permanent",
        source: "the plain-HTTP port serves the page itself",
    },
    Flaw {
        check: "web/https-redirect-same-host",
        source: "the plain-HTTP port serves the page itself",
    },
    Flaw {
        check: "headers/hsts-long-enough",
        source: "Strict-Transport-Security: max-age=300",
    },
    Flaw {
        check: "headers/hsts-subdomains",
        source: "Strict-Transport-Security: max-age=300",
    },
    Flaw {
        check: "headers/csp-no-unsafe-inline",
        source: "the policy allows https: and 'unsafe-inline'",
    },
    Flaw {
        check: "headers/csp-object-src",
        source: "the policy allows https: and 'unsafe-inline'",
    },
    Flaw {
        check: "headers/csp-base-uri",
        source: "Content-Security-Policy has no base-uri",
    },
    Flaw {
        check: "headers/framing-restricted",
        source: "nothing says who may frame the page",
    },
    Flaw {
        check: "headers/opener-policy",
        source: "Cross-Origin-Opener-Policy is not sent",
    },
    Flaw {
        check: "headers/server-version-hidden",
        source: "Server: nginx/1.14.0",
    },
    Flaw {
        check: "headers/powered-by-hidden",
        source: "X-Powered-By: Express",
    },
    Flaw {
        check: "cookies/secure",
        source: "Set-Cookie: session=…; Path=/",
    },
    Flaw {
        check: "cookies/session-http-only",
        source: "Set-Cookie: session=…; Path=/",
    },
    Flaw {
        check: "cookies/same-site",
        source: "Set-Cookie: session=…; Path=/",
    },
    Flaw {
        check: "cors/not-reflected",
        source: "every Origin is echoed, with credentials",
    },
    Flaw {
        check: "cors/not-null",
        source: "every Origin is echoed, also null",
    },
    Flaw {
        check: "html/no-mixed-active",
        source: "the page loads http://static.shop.test/cart.js",
    },
    Flaw {
        check: "html/scripts-over-https",
        source: "the page loads http://static.shop.test/cart.js",
    },
    Flaw {
        check: "html/foreign-scripts-pinned",
        source: "cdn.widgets.test is loaded without integrity",
    },
    Flaw {
        check: "exposure/env-file",
        source: "/.env is served",
    },
    Flaw {
        check: "exposure/error-page",
        source: "unknown addresses answer with a traceback",
    },
    Flaw {
        check: "web/security-txt-valid",
        source: "security.txt expired on 2024-01-01",
    },
    Flaw {
        check: "dns/name-servers",
        source: "the zone has one NS record",
    },
    Flaw {
        check: "dns/ipv6",
        source: "the zone has no AAAA record",
    },
    Flaw {
        check: "dns/caa",
        source: "the zone has no CAA record",
    },
    Flaw {
        check: "dns/dnssec-signed",
        source: "the zone is not signed",
    },
    Flaw {
        check: "email/spf-all",
        source: "TXT v=spf1 mx +all",
    },
    Flaw {
        check: "email/dmarc-enforced",
        source: "TXT v=DMARC1; p=none at _dmarc",
    },
    Flaw {
        check: "email/dmarc-reports",
        source: "TXT v=DMARC1; p=none at _dmarc",
    },
];
