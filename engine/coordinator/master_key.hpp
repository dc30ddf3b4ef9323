// The key that secrets are encrypted with: the right one for this data directory, and its rotation.
#pragma once

#include <filesystem>

#include "catalog/secrets.hpp"
#include "storage/store.hpp"

namespace tailrace::engine {

// Throws 58030 and changes nothing unless `secrets` opens what the store holds. A store that holds nothing yet is the
// key's from now on.
void check_master_key(storage::Store& store, const catalog::SecretKeeper& secrets,
                      const std::filesystem::path& file);

// Encrypts everything with `fresh` instead, in one commit: a crash leaves all of it under one of the two. Nothing is
// done if that has happened before.
void rotate_master_key(storage::Store& store, const catalog::SecretKeeper& secrets,
                       const catalog::SecretKeeper& fresh);

}  // namespace tailrace::engine
