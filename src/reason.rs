//! Reason codes: why a check did not pass, as a stable word that people can search for.
//!
//! One row here is all it takes to add a code. A code never changes its meaning.

use serde::{Deserialize, Serialize};

/// Whose doing it is that a question was not answered as hoped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The target's own answer: an observation, so the check fails.
    Target,
    /// We could not find out: the check is unknown.
    Ours,
}

macro_rules! reasons {
    ($($Name:ident $code:literal $side:ident $retry:ident $about:literal)+) => {
        /// Why a check did not pass.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum Reason {
            $(#[doc = $about] #[serde(rename = $code)] $Name,)+
        }

        impl Reason {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$Name,)+];

            /// The stable code, such as `tcp.refused`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$Name => $code,)+ }
            }

            /// What the code means, in one line.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$Name => $about,)+ }
            }

            /// Whose doing it is.
            pub const fn side(self) -> Side {
                match self { $(Self::$Name => Side::$side,)+ }
            }

            /// Whether asking once more may help: trouble on the way, never a clear answer.
            pub const fn is_transient(self) -> bool {
                match self { $(Self::$Name => reasons!(@retry $retry),)+ }
            }
        }
    };
    (@retry transient) => { true };
    (@retry lasting) => { false };
}

reasons! {
    DnsNxdomain "dns.nxdomain" Target lasting "the name does not exist"
    DnsNoAddress "dns.no-address" Target lasting "the name exists but has no address"
    DnsServfail "dns.servfail" Target transient "the resolver answered that it cannot resolve the name"
    DnsUnreachable "dns.unreachable" Ours transient "our resolver did not answer"
    DnsIndeterminate "dns.indeterminate" Ours lasting "what the records come to cannot be judged from here"
    TcpRefused "tcp.refused" Target transient "the port is closed"
    TcpReset "tcp.reset" Target transient "the connection was reset"
    TcpTimeout "tcp.timeout" Target transient "nothing answered at the address"
    TcpUnreachable "tcp.unreachable" Target transient "the network says that the host cannot be reached"
    NetNoRoute "net.no-route" Ours lasting "this machine has no route to the address (for instance no IPv6)"
    NetLocal "net.local" Ours transient "this machine could not open a connection"
    TlsNotTls "tls.not-tls" Target lasting "what answered does not speak TLS"
    TlsAlert "tls.alert" Target lasting "the server ended the handshake with an alert"
    TlsClosed "tls.closed" Target transient "the connection was closed during the handshake"
    TlsTimeout "tls.timeout" Target transient "the handshake did not finish in time"
    TlsHandshake "tls.handshake" Target lasting "the handshake failed"
    TlsExpired "tls.expired" Target lasting "a certificate has expired"
    TlsNotYetValid "tls.not-yet-valid" Target lasting "a certificate is not valid yet"
    TlsSelfSigned "tls.self-signed" Target lasting "the certificate is signed by itself"
    TlsUnknownIssuer "tls.unknown-issuer" Target lasting "no trusted root vouches for the certificate"
    TlsMissingIntermediate "tls.missing-intermediate" Target lasting "the server does not send the certificate that links its own to a root"
    TlsNameMismatch "tls.name-mismatch" Target lasting "the certificate is for other names"
    TlsWeakKey "tls.weak-key" Target lasting "a certificate's key is too small to be accepted"
    TlsWeakSignature "tls.weak-signature" Target lasting "a certificate is signed with an algorithm that is no longer accepted"
    TlsInvalid "tls.invalid" Target lasting "the certificate is not acceptable"
    TlsClientCertificate "tls.client-certificate" Ours lasting "the server wants a client certificate, and none was given"
    TlsScanIncomplete "tls.scan-incomplete" Ours transient "whether the server accepts some version or suite could not be found out"
    StarttlsRefused "starttls.refused" Target lasting "the server does not offer STARTTLS"
    HttpTimeout "http.timeout" Target transient "the answer did not arrive in time"
    HttpClosed "http.closed" Target transient "the connection was closed before a whole answer"
    HttpProtocol "http.protocol" Target lasting "the answer is not valid HTTP"
    HttpTruncated "http.truncated" Ours lasting "the answer is longer than the question's limit, and the rest was not read"
    HttpEncoding "http.encoding" Ours lasting "the answer is compressed in a way that this program cannot undo"
    HttpRedirectLoop "http.redirect-loop" Target lasting "redirects never end"
    HttpStatus "http.status" Target lasting "the answer has another status than expected"
    ApiRateLimited "api.rate-limited" Ours transient "the interface wants fewer requests than it got"
    ApiUnavailable "api.unavailable" Ours transient "somebody else's service, asked about the target, did not answer the question"
    ApiNotFound "api.not-found" Ours lasting "the interface knows no such thing, or does not show it to this credential"
    CaptureMissing "capture.missing" Ours lasting "an answer did not have what a later question needs"
    FileMalformed "file.malformed" Target lasting "a file is not valid in its format"
    FileUnreadable "file.unreadable" Ours lasting "a file could not be read"
    FileTruncated "file.truncated" Ours lasting "not everything was read, so that what is missing is unknown"
    ServiceTimeout "service.timeout" Target transient "the service did not answer in time"
    ServiceClosed "service.closed" Target transient "the service closed the connection before a whole answer"
    ServiceProtocol "service.protocol" Target lasting "what answered does not speak the expected protocol"
    ServiceRefused "service.refused" Target lasting "the service does not let anybody in"
    QueryRefused "query.refused" Ours lasting "the service cannot do with the query"
    VariableUnset "variable.unset" Ours lasting "a variable that decides it is not set here"
    GitRepository "git.repository" Ours lasting "there is no Git repository that could be read"
    KubernetesIndeterminate "kubernetes.indeterminate" Ours lasting "what the objects of a cluster come to cannot be judged from here"
    ExpectFalse "expect.false" Target lasting "the facts contradict the expectation"
    ExpectMissing "expect.missing" Target lasting "the answer does not have what the expectation asks about"
    ExpectType "expect.type" Target lasting "a value has another type than the expectation needs"
    MeasureShort "measure.short" Target lasting "the measured value has not reached its target"
    RetryNeeded "retry.needed" Target lasting "passed only when asked again"
    ProbeTimeout "probe.timeout" Target transient "the whole question took longer than its time limit"
    ProbeTimeLimit "probe.time-limit" Ours lasting "the question's time limit is too short to find it out"
    ProbeInternal "probe.internal" Ours lasting "a defect in this program; please report it"
    CredentialMissing "credential.missing" Ours lasting "a secret that the question needs is not set"
    CredentialRefused "credential.refused" Ours lasting "the credential was refused"
    CredentialUnusable "credential.unusable" Ours lasting "a secret's value cannot stand where the question needs it"
    PermissionDenied "permission.denied" Ours lasting "this machine does not permit the question"
    FolderMissing "folder.missing" Ours lasting "a folder that the question works in does not exist"
    SshHostKeyUnknown "ssh.host-key-unknown" Ours lasting "no list of known hosts has the server's key"
    SshHostKeyChanged "ssh.host-key-changed" Target lasting "the server shows another key than the known one, or a revoked one"
    ToolMissing "tool.missing" Ours lasting "a program that the question needs is not installed"
    ToolFailed "tool.failed" Ours lasting "a program that the question needs failed, or said something unexpected"
    AllowIntrusive "allow.intrusive" Ours lasting "needs --allow intrusive"
    AllowExec "allow.exec" Ours lasting "needs --allow exec"
    EvidenceMissing "evidence.missing" Ours lasting "the saved evidence does not hold an answer to this question"
    RunDeadline "run.deadline" Ours lasting "the run's deadline passed before the question was asked or answered"
    RunUnsaved "run.unsaved" Ours lasting "no saved run says anything about it"
    RunInterrupted "run.interrupted" Ours lasting "the run was interrupted before the question was answered"
    AttestPending "attest.pending" Ours lasting "nobody has attested it"
    AttestExpired "attest.expired" Ours lasting "the attestation is too old"
    AttestEvidence "attest.evidence" Ours lasting "the attestation's evidence is missing or is not what it was"
    AttestOutdated "attest.outdated" Ours lasting "the attestation was made for another release, or for a document that has changed"
    AttestUnread "attest.unread" Ours lasting "the page that the attestation was made for could not be read"
    AttestUnbound "attest.unbound" Ours lasting "the attestation was not made for the document that the check is about"
    AttestExpiring "attest.expiring" Ours lasting "the attestation will soon be too old"
    AttestContradicted "attest.contradicted" Target lasting "somebody vouches for it, and the probe found otherwise"
    Declared "declared" Ours lasting "the profile declares it not applicable"
    Waived "waived" Ours lasting "an owner accepted the failure until a date"
    WaiverExpiring "waiver.expiring" Ours lasting "the waiver will soon end"
    WaiverEnded "waiver.ended" Ours lasting "the waiver has ended, and the check counts again"
    WaiverStale "waiver.stale" Ours lasting "there is a waiver for it, and it needs none"
    SignOffVoid "sign-off.void" Ours lasting "somebody approved the section, and that counts no more"
    SignOffUncovered "sign-off.uncovered" Ours lasting "sign-offs are required, and nobody is asked for this section's"
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::str::FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(code: &str) -> Result<Self, UnknownReason> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.code() == code)
            .ok_or_else(|| UnknownReason(code.to_owned()))
    }
}

/// A word that is no reason code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a reason code")]
pub struct UnknownReason(String);

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn codes_are_unique_and_read_back() {
        for reason in Reason::ALL {
            assert_eq!(reason.code().parse(), Ok(*reason));
            let json = serde_json::to_value(reason).unwrap();
            assert_eq!(json, reason.code(), "the file format uses the same word");
        }
        assert!("tcp.refusd".parse::<Reason>().is_err());
    }
}
