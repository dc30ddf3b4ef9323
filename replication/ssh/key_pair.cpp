#include "replication/ssh/key_pair.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <sstream>

#include "repr/error.hpp"

namespace tailrace::replication::ssh {
namespace {

constexpr std::string_view method = "ssh-ed25519";
// What the reference writes after the key.
constexpr std::string_view comment = "materialize";
constexpr std::size_t public_size = 32;
constexpr std::size_t signature_size = 64;

using Key = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* key) { EVP_PKEY_free(key); })>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* c) { EVP_MD_CTX_free(c); })>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Key key_of(const SecretBytes& seed) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  ensure(key != nullptr, "OpenSSL must know Ed25519");
  return key;
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes_of(bytes),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// Empty for what is not base64.
std::string from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return "";
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), bytes_of(text),
                                   static_cast<int>(text.size()));
  if (size < 0) return "";
  const auto padding = std::count(text.end() - 2, text.end(), '=');
  bytes.resize(static_cast<std::size_t>(size) - static_cast<std::size_t>(padding));
  return bytes;
}

void append_string(std::string& blob, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  for (int shift = 24; shift >= 0; shift -= 8) blob += static_cast<char>(size >> shift & 0xff);
  blob += text;
}

std::string_view first_string(std::string_view blob) {
  if (blob.size() < 4) return {};
  std::size_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(blob[i]);
  return size <= blob.size() - 4 ? blob.substr(4, size) : std::string_view();
}

}  // namespace

PrivateKey PrivateKey::generate() {
  PrivateKey key;
  ensure(RAND_priv_bytes(key.seed_.data(), static_cast<int>(key.seed_.size())) == 1,
         "the system must give random bytes");
  return key;
}

PrivateKey PrivateKey::from_bytes(std::string_view bytes) {
  if (bytes.size() != size)
    throw SqlError(sqlstate::data_corrupted, "the key of an SSH tunnel has the wrong size");
  PrivateKey key;
  std::memcpy(key.seed_.data(), bytes.data(), size);
  return key;
}

std::string PrivateKey::public_blob() const {
  std::string point(public_size, '\0');
  std::size_t point_size = point.size();
  ensure(EVP_PKEY_get_raw_public_key(
             key_of(seed_).get(), reinterpret_cast<unsigned char*>(point.data()), &point_size) == 1,
         "a private key must have a public one");
  std::string blob;
  append_string(blob, method);
  append_string(blob, point);
  return blob;
}

std::string PrivateKey::authorized_key() const {
  return key_text(public_blob()) + " " + std::string(comment);
}

std::string PrivateKey::sign(std::string_view data) const {
  const Key key = key_of(seed_);
  const Context context(EVP_MD_CTX_new());
  std::string signature(signature_size, '\0');
  std::size_t size = signature.size();
  ensure(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
             EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                            &size, bytes_of(data), data.size()) == 1,
         "an Ed25519 key must sign");
  return signature;
}

std::string key_text(std::string_view blob) {
  return std::string(first_string(blob)) + " " + base64(blob);
}

std::string normalised_key_text(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string type;
  std::string encoded;
  words >> type >> encoded;
  const std::string blob = from_base64(encoded);
  return type.empty() || first_string(blob) != type ? "" : type + " " + encoded;
}

std::string fingerprint(std::string_view key_text) {
  const std::string normalised = normalised_key_text(key_text);
  if (normalised.empty()) return "";
  const std::size_t blank = normalised.find(' ');
  const std::string blob = from_base64(std::string_view(normalised).substr(blank + 1));
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(bytes_of(blob), blob.size(), reinterpret_cast<unsigned char*>(digest.data()));
  std::string text = base64(digest);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return normalised.substr(0, blank) + " SHA256:" + text;
}

}  // namespace tailrace::replication::ssh
