// Secret values at rest: AES-256-GCM under one master key.
//
// The key comes from a file named by the operator or, by default, from a file of mode 0600 in the
// data directory that is made at first use. A sealed value is: version byte, 12 bytes of nonce,
// ciphertext, 16 bytes of tag; the item's id is authenticated with it, so that values cannot be
// swapped. Values are never logged and never part of an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "repr/secret_bytes.hpp"

namespace tailrace::catalog {

class SecretKeeper {
 public:
  // Throws SqlError 58030/22023 naming the file: unreadable, not 32 bytes in hex, readable by
  // others.
  static SecretKeeper open(const std::filesystem::path& key_file, bool create_if_missing);
  ~SecretKeeper();  // clears the key
  SecretKeeper(SecretKeeper&& other) noexcept;
  SecretKeeper& operator=(SecretKeeper&& other) noexcept;

  std::string seal(std::string_view item_id, std::string_view value) const;
  // Throws SqlError XX001 if the key is not the one that sealed it, or the bytes were changed.
  std::string unseal(std::string_view item_id, std::string_view sealed) const;

 private:
  static constexpr std::size_t key_size = 32;
  SecretKeeper() : key_(key_size) {}
  SecretBytes key_;
};

}  // namespace tailrace::catalog
