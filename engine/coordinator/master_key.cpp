#include "engine/coordinator/master_key.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

namespace tailrace::engine {

namespace {

using catalog::SecretKeeper;
using storage::RecordSpace;

// Sealed with the key from the start, so that a wrong one is known even where there are no secrets. No item has such
// an id.
constexpr const char* check_name = "master-key-check";
constexpr const char* check_value = "tailrace";

bool opens(const SecretKeeper& secrets, const std::string& name, const std::string& sealed) {
  try {
    std::string value = secrets.unseal(name, sealed);
    OPENSSL_cleanse(value.data(), value.size());
    return true;
  } catch (const SqlError&) {
    return false;
  }
}

void commit(storage::Store& store, std::vector<storage::RecordChange> records) {
  storage::CommitRequest request;
  request.records = std::move(records);
  const storage::CommitOutcome outcome = store.commit(std::move(request));
  if (outcome.error) throw *outcome.error;
}

storage::RecordChange check_record(const SecretKeeper& secrets) {
  return {RecordSpace::secrets, check_name, secrets.seal(check_name, check_value)};
}

// True if all that is sealed opens with the key.
bool opens_all(storage::Store& store, const SecretKeeper& secrets) {
  for (const auto& [name, sealed] : store.scan_records(RecordSpace::secrets, "")) {
    if (!opens(secrets, name, sealed)) return false;
  }
  return true;
}

}  // namespace

void check_master_key(storage::Store& store, const SecretKeeper& secrets,
                      const std::filesystem::path& file) {
  const auto check = store.read_record(RecordSpace::secrets, check_name);
  if (check ? opens(secrets, check_name, *check) : opens_all(store, secrets)) {
    if (!check) commit(store, {check_record(secrets)});
    return;
  }
  throw SqlError(sqlstate::io_error,
                 fmt::format("the secret key file \"{}\" is not the one that the secrets of this "
                             "data directory are encrypted with",
                             file.string()))
      .hint("Point --secret-key-file at the right one. Nothing was changed.");
}

void rotate_master_key(storage::Store& store, const SecretKeeper& secrets,
                       const SecretKeeper& fresh) {
  const auto check = store.read_record(RecordSpace::secrets, check_name);
  if (check && opens(fresh, check_name, *check)) return;
  std::vector<storage::RecordChange> records;
  for (const RecordSpace space : {RecordSpace::secrets, RecordSpace::intents}) {
    for (const auto& [name, sealed] : store.scan_records(space, "")) {
      // Not every intent holds a secret.
      if (space == RecordSpace::intents && !opens(secrets, name, sealed)) continue;
      std::string value = secrets.unseal(name, sealed);
      records.push_back({space, name, fresh.seal(name, value)});
      OPENSSL_cleanse(value.data(), value.size());
    }
  }
  commit(store, std::move(records));
}

}  // namespace tailrace::engine
