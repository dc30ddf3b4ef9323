// The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677): texts in, texts out.
//
// A verifier is what PostgreSQL stores: SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace::server {

inline constexpr std::string_view scram_mechanism = "SCRAM-SHA-256";
inline constexpr std::string_view scram_plus_mechanism = "SCRAM-SHA-256-PLUS";

struct ScramVerifier {
  int iterations = 0;
  std::string salt;
  std::string stored_key;
  std::string server_key;
};
std::optional<ScramVerifier> parse_scram_verifier(std::string_view text);
// For an exchange that cannot succeed but looks like others: of a user without a password, the same each time.
ScramVerifier mock_scram_verifier(std::string_view user);
// True if the verifier was made from this password.
bool scram_password_matches(const ScramVerifier& verifier, std::string_view password);

// One exchange. Throws 08P01 for messages that are not SCRAM's.
class ScramExchange {
 public:
  // `server_nonce`: printable, without commas, fresh for each exchange.
  // `end_point`: of the TLS connection, as tls-server-end-point; empty: there is none to bind to.
  ScramExchange(ScramVerifier verifier, std::string server_nonce, std::string end_point = "")
      : verifier_(std::move(verifier)),
        nonce_(std::move(server_nonce)),
        end_point_(std::move(end_point)) {}

  // `binds`: the client chose the mechanism with channel binding.
  std::string first(std::string_view client_first, bool binds = false);
  // The server's final message, or nothing if the proof is wrong.
  std::optional<std::string> final(std::string_view client_final);

 private:
  ScramVerifier verifier_;
  std::string bound_;  // the client's GS2 header, and the channel it binds to
  std::string nonce_;  // after `first`: the client's and ours
  const std::string end_point_;
  std::string client_first_bare_;
  std::string server_first_;
};

std::string random_nonce();
std::uint32_t random_key();

}  // namespace tailrace::server
