#include "server/scram.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <charconv>

#include "repr/error.hpp"
#include "server/base64.hpp"

namespace tailrace::server {

namespace {

// As the verifiers that we make.
constexpr int mock_iterations = 4096;
constexpr std::size_t mock_salt_size = 16;

SqlError malformed(std::string_view detail) {
  return SqlError(sqlstate::protocol_violation, "malformed SCRAM message")
      .detail(std::string(detail));
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string sha256(std::string_view data) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(bytes_of(data), data.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string hmac(std::string_view key, std::string_view data) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  unsigned int size = SHA256_DIGEST_LENGTH;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(data), data.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &size);
  return digest;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// Takes "<name>=<value>" and the comma after it off the front.
std::string_view take_attribute(std::string_view& rest, char name) {
  if (rest.size() < 2 || rest[0] != name || rest[1] != '=') {
    throw malformed(fmt::format("Attribute \"{}\" expected.", name));
  }
  const std::size_t comma = rest.find(',');
  const std::string_view value = rest.substr(2, comma == rest.npos ? rest.npos : comma - 2);
  rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
  return value;
}

}  // namespace

std::optional<ScramVerifier> parse_scram_verifier(std::string_view text) {
  const std::string prefix = std::string(scram_mechanism) + "$";
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  const std::size_t salt = text.find(':');
  const std::size_t stored = text.find('$');
  if (salt == text.npos || stored == text.npos || stored < salt) return std::nullopt;
  const std::size_t server = text.find(':', stored);
  if (server == text.npos) return std::nullopt;
  ScramVerifier verifier;
  const char* end = text.data() + salt;
  if (std::from_chars(text.data(), end, verifier.iterations).ptr != end) return std::nullopt;
  const auto salt_bytes = decode_base64(text.substr(salt + 1, stored - salt - 1));
  const auto stored_key = decode_base64(text.substr(stored + 1, server - stored - 1));
  const auto server_key = decode_base64(text.substr(server + 1));
  if (!salt_bytes || !stored_key || !server_key || verifier.iterations <= 0 ||
      stored_key->size() != SHA256_DIGEST_LENGTH || server_key->size() != SHA256_DIGEST_LENGTH) {
    return std::nullopt;
  }
  verifier.salt = *salt_bytes;
  verifier.stored_key = *stored_key;
  verifier.server_key = *server_key;
  return verifier;
}

bool scram_password_matches(const ScramVerifier& verifier, std::string_view password) {
  std::string salted(SHA256_DIGEST_LENGTH, '\0');
  PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes_of(verifier.salt),
                    static_cast<int>(verifier.salt.size()), verifier.iterations, EVP_sha256(),
                    SHA256_DIGEST_LENGTH, reinterpret_cast<unsigned char*>(salted.data()));
  return same_secret(sha256(hmac(salted, "Client Key")), verifier.stored_key);
}

std::string ScramExchange::first(std::string_view client_first, bool binds) {
  std::string_view rest = client_first;
  // gs2-header: how the channel is bound, and an identity we ignore.
  const std::string_view binding = rest.substr(0, rest.find(','));
  if (binds && (binding != "p=tls-server-end-point" || end_point_.empty())) {
    throw malformed("The channel is to be bound by tls-server-end-point.");
  }
  if (!binds && binding != "n" && binding != "y") {
    throw malformed("Channel binding is not supported.");
  }
  // Somebody in between has hidden from the client that we can.
  if (!binds && binding == "y" && !end_point_.empty()) {
    throw SqlError(sqlstate::invalid_authorization, "SCRAM channel binding negotiation error")
        .detail("The client supports SCRAM channel binding but thinks the server does not.");
  }
  if (binding.size() == rest.size()) throw malformed("The GS2 header does not end.");
  const std::size_t comma = rest.find(',', binding.size() + 1);
  if (comma == rest.npos) throw malformed("The GS2 header does not end.");
  bound_ = rest.substr(0, comma + 1);
  if (binds) bound_ += end_point_;
  client_first_bare_ = rest.substr(comma + 1);
  rest = client_first_bare_;
  if (rest.starts_with("m=")) throw malformed("Mandatory extensions are not supported.");
  take_attribute(rest, 'n');  // the user name: the start-up packet has said it
  const std::string client_nonce(take_attribute(rest, 'r'));
  if (client_nonce.empty()) throw malformed("The nonce is empty.");
  nonce_ = client_nonce + nonce_;
  server_first_ =
      fmt::format("r={},s={},i={}", nonce_, encode_base64(verifier_.salt), verifier_.iterations);
  return server_first_;
}

std::optional<std::string> ScramExchange::final(std::string_view client_final) {
  std::string_view rest = client_final;
  const std::string_view binding = take_attribute(rest, 'c');
  const std::string_view nonce = take_attribute(rest, 'r');
  if (binding != encode_base64(bound_)) {
    throw SqlError(sqlstate::invalid_authorization, "SCRAM channel binding check failed");
  }
  if (nonce != nonce_) throw malformed("The nonce differs.");
  const std::size_t proof_at = client_final.rfind(",p=");
  if (proof_at == client_final.npos) throw malformed("Attribute \"p\" expected.");
  const std::optional<std::string> proof = decode_base64(client_final.substr(proof_at + 3));
  if (!proof || proof->size() != SHA256_DIGEST_LENGTH) throw malformed("The proof has no size.");
  const std::string signed_text =
      fmt::format("{},{},{}", client_first_bare_, server_first_, client_final.substr(0, proof_at));
  std::string client_key = hmac(verifier_.stored_key, signed_text);
  for (std::size_t i = 0; i < client_key.size(); ++i) {
    client_key[i] = static_cast<char>(client_key[i] ^ (*proof)[i]);
  }
  if (!same_secret(sha256(client_key), verifier_.stored_key)) return std::nullopt;
  return "v=" + encode_base64(hmac(verifier_.server_key, signed_text));
}

ScramVerifier mock_scram_verifier(std::string_view user) {
  static const std::string key = random_nonce();
  ScramVerifier verifier;
  verifier.iterations = mock_iterations;
  verifier.salt = hmac(key, user).substr(0, mock_salt_size);
  verifier.stored_key = hmac(key, std::string("stored ") + std::string(user));
  verifier.server_key = hmac(key, std::string("server ") + std::string(user));
  return verifier;
}

std::string random_nonce() {
  std::string bytes(18, '\0');
  ensure(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size())) == 1,
         "the system must give random bytes");
  return encode_base64(bytes);
}

std::uint32_t random_key() {
  std::uint32_t key = 0;
  ensure(RAND_bytes(reinterpret_cast<unsigned char*>(&key), sizeof key) == 1,
         "the system must give random bytes");
  return key;
}

}  // namespace tailrace::server
