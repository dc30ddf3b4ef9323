#include "engine/coordinator/tunnels.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "catalog/transaction.hpp"
#include "engine/coordinator/connection_config.hpp"
#include "engine/coordinator/coordinator.hpp"
#include "engine/coordinator/network_settings.hpp"
#include "engine/coordinator/options.hpp"
#include "engine/coordinator/variables.hpp"
#include "grammar/printer.hpp"

namespace tailrace::engine {

namespace {

namespace ssh = replication::ssh;

std::string required(std::optional<std::string> value, std::string_view name) {
  if (value && !value->empty()) return *std::move(value);
  throw SqlError(sqlstate::invalid_parameter_value,
                 fmt::format("invalid CONNECTION: {} option is required", name));
}

std::string known_host_key(const std::string& text) {
  std::string key = ssh::normalised_key_text(text);
  if (!key.empty()) return key;
  throw SqlError(sqlstate::invalid_parameter_value, "invalid HOST KEY: not a public key")
      .hint("Write it as in known_hosts, after the host's name: 'ssh-ed25519 AAAA...'.");
}

std::string host_key_name(catalog::ItemId connection) {
  return connection.to_string() + std::string(catalog::host_key_suffix);
}

}  // namespace

std::shared_ptr<ssh::Tunnel> Tunnels::get(catalog::ItemId connection) {
  std::lock_guard lock(mutex_);
  auto& tunnel = tunnels_[connection];
  if (!tunnel) {
    tunnel = ssh::Tunnel::create([this, connection] {
      const catalog::CatalogPtr catalog = coordinator_.catalog();
      const catalog::Item* item = catalog->find(connection);
      if (item == nullptr) throw SqlError(sqlstate::undefined_object, "the SSH tunnel was dropped");
      ssh::TunnelConfig config = tunnel_config(coordinator_, *catalog, *item);
      config.learn_host_key = [this, connection](const std::string& host_key) {
        storage::CommitRequest request;
        request.records.push_back(host_key_record(coordinator_, connection, host_key));
        const storage::CommitOutcome outcome = coordinator_.store().commit(std::move(request));
        if (outcome.error) throw *outcome.error;
      };
      return config;
    });
  }
  return tunnel;
}

void Tunnels::apply(const catalog::Catalog& before, const catalog::Catalog& after) {
  std::vector<std::shared_ptr<ssh::Tunnel>> altered;
  {
    std::lock_guard lock(mutex_);
    for (auto entry = tunnels_.begin(); entry != tunnels_.end();) {
      const catalog::ItemId id = entry->first;
      // One that was never committed only stops being shared.
      const bool gone = after.find(id) == nullptr;
      const bool differs = connection_settings(before, id) != connection_settings(after, id);
      if (before.find(id) != nullptr && differs) altered.push_back(entry->second);
      entry = gone ? tunnels_.erase(entry) : std::next(entry);
    }
  }
  for (const auto& tunnel : altered) tunnel->altered();
}

ssh::TunnelConfig tunnel_options(const Coordinator& coordinator, const catalog::Catalog& catalog,
                                 const catalog::Item& connection) {
  OptionReader options(connection.as<catalog::Connection>()->options, "SSH TUNNEL connections");
  ssh::TunnelConfig config;
  config.name = grammar::print(catalog.object_name(connection));
  config.host = required(options.text("HOST"), "HOST");
  config.port = port_of(options.number("PORT").value_or(22));
  config.user = required(options.text("USER"), "USER");
  if (const auto key = options.text("HOST KEY")) config.host_key = known_host_key(*key);
  config.check_host_key = options.boolean("HOST KEY CHECKING")
                              .value_or(as_boolean(system_variable(catalog.system_variables(),
                                                                   "ssh_host_key_checking")));
  for (const std::string_view made : {"PUBLIC KEY 1", "PUBLIC KEY 2"}) options.text(made);
  options.finish();
  apply_network_settings(coordinator, catalog, config);
  return config;
}

ssh::TunnelConfig tunnel_config(Coordinator& coordinator, const catalog::Catalog& catalog,
                                const catalog::Item& connection) {
  ssh::TunnelConfig config = tunnel_options(coordinator, catalog, connection);
  std::string keys = coordinator.secret_value(connection.id);
  config.keys = decode_keys(keys);
  OPENSSL_cleanse(keys.data(), keys.size());
  if (!config.host_key) config.host_key = recorded_host_key(coordinator, connection.id);
  return config;
}

std::optional<std::string> recorded_host_key(Coordinator& coordinator, catalog::ItemId connection) {
  const std::string name = host_key_name(connection);
  const auto sealed = coordinator.store().read_record(storage::RecordSpace::secrets, name);
  if (!sealed) return std::nullopt;
  return coordinator.secrets().unseal(name, *sealed);
}

std::string encode_keys(const std::vector<ssh::PrivateKey>& keys) {
  std::string bytes;
  bytes.reserve(keys.size() * ssh::PrivateKey::size);  // no copy of it is left behind
  for (const ssh::PrivateKey& key : keys) bytes += key.bytes();
  return bytes;
}

std::vector<ssh::PrivateKey> decode_keys(std::string_view bytes) {
  std::vector<ssh::PrivateKey> keys;
  keys.reserve(bytes.size() / ssh::PrivateKey::size + 1);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), ssh::PrivateKey::size)))
    keys.push_back(ssh::PrivateKey::from_bytes(bytes.substr(0, ssh::PrivateKey::size)));
  return keys;
}

storage::RecordChange host_key_record(const Coordinator& coordinator, catalog::ItemId connection,
                                      const std::string& host_key) {
  const std::string name = host_key_name(connection);
  return {storage::RecordSpace::secrets, name, coordinator.secrets().seal(name, host_key)};
}

}  // namespace tailrace::engine
