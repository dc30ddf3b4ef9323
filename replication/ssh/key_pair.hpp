// Ed25519 keys in the forms that SSH wants.
#pragma once

#include <string>
#include <string_view>

#include "repr/secret_bytes.hpp"

namespace tailrace::replication::ssh {

// The secret half.
class PrivateKey {
 public:
  static constexpr std::size_t size = 32;

  static PrivateKey generate();
  // Throws XX001 unless there are `size` bytes.
  static PrivateKey from_bytes(std::string_view bytes);

  std::string_view bytes() const { return seed_.view(); }
  std::string public_blob() const;     // as the protocol carries it
  std::string authorized_key() const;  // "ssh-ed25519 AAAA... materialize", for authorized_keys
  std::string sign(std::string_view data) const;

 private:
  PrivateKey() : seed_(size) {}
  SecretBytes seed_;
};

// "ssh-ed25519 AAAA..." of a key as the protocol carries it, whatever its type.
std::string key_text(std::string_view blob);
// "ssh-ed25519 SHA256:..." of such a text, as ssh-keygen -l shows it; empty if it is none.
std::string fingerprint(std::string_view key_text);
// The first words of such a text, without its comment; empty if it is none.
std::string normalised_key_text(std::string_view text);

}  // namespace tailrace::replication::ssh
