// The SSH tunnels of the environment: one for each connection to a bastion, shared by all that go through it.
//
// Thread-safe. A tunnel reads its settings, keys included, from the catalog and the secret store before each session
// with the bastion; it opens none before somebody needs it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "catalog/catalog.hpp"
#include "replication/ssh/tunnel.hpp"
#include "storage/store.hpp"

namespace tailrace::engine {

class Coordinator;

class Tunnels {
 public:
  explicit Tunnels(Coordinator& coordinator) : coordinator_(coordinator) {}

  std::shared_ptr<replication::ssh::Tunnel> get(catalog::ItemId connection);
  // Cuts what goes through altered tunnels; forgets dropped ones.
  void apply(const catalog::Catalog& before, const catalog::Catalog& after);

 private:
  Coordinator& coordinator_;
  std::mutex mutex_;
  std::map<catalog::ItemId, std::shared_ptr<replication::ssh::Tunnel>> tunnels_;
};

// What the options of CREATE CONNECTION ... TO SSH TUNNEL say, checked; without keys, and with the host key only if it
// stands there. Throws the dialect's errors.
replication::ssh::TunnelConfig tunnel_options(const Coordinator& coordinator,
                                              const catalog::Catalog& catalog,
                                              const catalog::Item& connection);
// The same of a connection that exists, with its keys and the host key it is known by.
replication::ssh::TunnelConfig tunnel_config(Coordinator& coordinator,
                                             const catalog::Catalog& catalog,
                                             const catalog::Item& connection);

// The private keys of a tunnel as one secret value, and back.
std::string encode_keys(const std::vector<replication::ssh::PrivateKey>& keys);
std::vector<replication::ssh::PrivateKey> decode_keys(std::string_view bytes);

// By which a bastion is known since it was first seen.
std::optional<std::string> recorded_host_key(Coordinator& coordinator, catalog::ItemId connection);
// The change that makes this host key the known one of a connection.
storage::RecordChange host_key_record(const Coordinator& coordinator, catalog::ItemId connection,
                                      const std::string& host_key);

}  // namespace tailrace::engine
