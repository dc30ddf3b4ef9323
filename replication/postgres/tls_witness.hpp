// Why a TLS handshake with an upstream failed, where libpq says only that it did.
#pragma once

#include "replication/upstream_error.hpp"

namespace tailrace::replication {

// libpq drops its TLS session, and with it the reason, as soon as the handshake has failed: the reason is taken when
// OpenSSL frees the session.
class TlsWitness {
 public:
  TlsWitness();

  // While one is there, TLS sessions that its thread frees are those of the witness's connection.
  class Watch {
   public:
    explicit Watch(TlsWitness& witness);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
  };

  // With the reason in its message, and a hint what to do, as far as they are known.
  UpstreamError explain(UpstreamError error) const;

 private:
  friend struct FreedSessions;
  long verification_;  // OpenSSL's X509_V_
};

}  // namespace tailrace::replication
