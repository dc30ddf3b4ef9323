// The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding: texts in, texts
// out.
//
// A verifier is what PostgreSQL stores: SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace::server {

inline constexpr std::string_view scram_mechanism = "SCRAM-SHA-256";

struct ScramVerifier {
  int iterations = 0;
  std::string salt;
  std::string stored_key;
  std::string server_key;
};
std::optional<ScramVerifier> parse_scram_verifier(std::string_view text);
// True if the verifier was made from this password.
bool scram_password_matches(const ScramVerifier& verifier, std::string_view password);

// One exchange. Throws 08P01 for messages that are not SCRAM's.
class ScramExchange {
 public:
  // `server_nonce`: printable, without commas, fresh for each exchange.
  ScramExchange(ScramVerifier verifier, std::string server_nonce)
      : verifier_(std::move(verifier)), nonce_(std::move(server_nonce)) {}

  std::string first(std::string_view client_first);
  // The server's final message, or nothing if the proof is wrong.
  std::optional<std::string> final(std::string_view client_final);

 private:
  ScramVerifier verifier_;
  std::string nonce_;  // after `first`: the client's and ours
  std::string gs2_header_;
  std::string client_first_bare_;
  std::string server_first_;
};

std::string random_nonce();
std::uint32_t random_key();

}  // namespace tailrace::server
