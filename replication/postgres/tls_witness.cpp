#include "replication/postgres/tls_witness.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <mutex>
#include <string>
#include <string_view>

namespace tailrace::replication {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view hint_for(long verification) {
  switch (verification) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "A certificate that the server shows, or that of its authority, must be renewed.";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "A certificate that the server shows is good only later: check the clocks.";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "SSL CERTIFICATE AUTHORITY must be the authority that signed the server's "
             "certificate; without it the system's own are used.";
    default:
      return "";
  }
}

// What the server's alerts about the client's certificate mean.
struct Refusal {
  std::string_view alert;
  std::string_view hint;
};

constexpr Refusal refusals[] = {
    {"alert unknown ca", "The server does not know the authority that signed SSL CERTIFICATE."},
    {"alert certificate expired", "SSL CERTIFICATE has expired."},
    {"alert certificate revoked", "SSL CERTIFICATE has been revoked."},
    {"alert certificate required", "The server wants SSL CERTIFICATE and SSL KEY."},
    {"alert bad certificate", "The server cannot use SSL CERTIFICATE."},
    {"alert unsupported certificate", "SSL CERTIFICATE is not one for clients."},
    {"alert certificate unknown", "The server does not accept SSL CERTIFICATE."},
};

UpstreamError with_message(const UpstreamError& error, std::string message) {
  UpstreamError made(error.state(), "", std::move(message));
  made.detail(error.detail());
  return made;
}

}  // namespace

struct FreedSessions {
  static thread_local TlsWitness* witness;

  static void note(void* session, void*, CRYPTO_EX_DATA*, int, long, void*) {
    if (witness == nullptr) return;
    const long verification = SSL_get_verify_result(static_cast<const SSL*>(session));
    if (verification != X509_V_OK) witness->verification_ = verification;
  }
};

thread_local TlsWitness* FreedSessions::witness = nullptr;

TlsWitness::TlsWitness() : verification_(X509_V_OK) {
  static std::once_flag once;
  std::call_once(once, [] {
    ensure(SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, FreedSessions::note) >= 0,
           "OpenSSL must tell of sessions that end");
  });
}

TlsWitness::Watch::Watch(TlsWitness& witness) {
  FreedSessions::witness = &witness;
}

TlsWitness::Watch::~Watch() {
  FreedSessions::witness = nullptr;
}

UpstreamError TlsWitness::explain(UpstreamError error) const {
  const std::string& text = error.message();
  if (contains(text, "certificate verify failed") && verification_ != X509_V_OK) {
    UpstreamError made = with_message(
        error, fmt::format("{}: {}", text, X509_verify_cert_error_string(verification_)));
    made.hint(std::string(hint_for(verification_)));
    return made;
  }
  for (const Refusal& refusal : refusals) {
    if (!contains(text, refusal.alert)) continue;
    UpstreamError made =
        with_message(error, fmt::format("{}: the server refuses the client certificate", text));
    made.hint(std::string(refusal.hint));
    return made;
  }
  if (contains(text, "does not match host name"))
    error.hint("HOST must be one of the names in the server's certificate.");
  if (contains(text, "requires a valid client certificate"))
    error.hint("Set SSL CERTIFICATE and SSL KEY.");
  if (contains(text, "certificate authentication failed")) {
    error.hint(
        "The common name of SSL CERTIFICATE must be the name of the user, or be mapped to it "
        "upstream.");
  }
  return error;
}

}  // namespace tailrace::replication
