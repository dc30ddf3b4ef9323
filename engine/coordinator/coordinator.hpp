// The environment behind its interface: what sessions, DDL and the background share. Private to this folder.
//
//   session ──▶ plan against catalog() ──▶ read at read_time(...)          (no lock)
//           ──▶ DDL: ddl_lock, CatalogTransaction, commit_catalog() ──▶ apply what changed to clusters and sources
//
// Thread-safe. Lock order: ddl -> state; nothing is held across the store's or upstream's I/O but `ddl`, whose
// very purpose is to serialise catalog commits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/secrets.hpp"
#include "catalog/transaction.hpp"
#include "engine/cluster/cluster.hpp"
#include "engine/coordinator/environment.hpp"
#include "engine/coordinator/session.hpp"
#include "repr/memory_budget.hpp"
#include "storage/store.hpp"

namespace tailrace::engine {

class SourceManager;
class RuntimePublisher;
class SessionState;
class Tunnels;
class IntentWorker;
class AwsContext;
class EndpointManager;

class Coordinator final : public Environment {
 public:
  explicit Coordinator(EnvironmentOptions options);
  ~Coordinator() override;

  const std::string& version() const override { return options_.version; }
  std::size_t session_count() const override;
  std::size_t session_count_max() const override;
  std::vector<Metric> metrics() const override;

  const EnvironmentOptions& options() const { return options_; }
  void log(std::string_view level, std::string_view message) const;
  storage::Store& store() { return *store_; }
  MemoryBudget& memory() { return memory_; }
  const catalog::SecretKeeper& secrets() const { return secrets_; }
  SourceManager& sources() { return *sources_; }
  Tunnels& tunnels() { return *tunnels_; }
  IntentWorker& intents() { return *intents_; }
  AwsContext& aws() { return *aws_; }
  EndpointManager& endpoints() { return *endpoints_; }

  catalog::CatalogPtr catalog() const;
  // nullptr: it has no replicas (replication factor 0), or does not exist.
  std::shared_ptr<Cluster> cluster(catalog::ClusterId id) const;

  // The value of a secret, for connections. Not cached: ALTER SECRET counts at once.
  std::string secret_value(catalog::ItemId id) const;

  // Strict serializability: reads are never earlier than this.
  Timestamp oracle() const { return oracle_.load(std::memory_order_acquire); }
  void advance_oracle(Timestamp time);

  // Holders of the DDL lock plan against catalog() and commit.
  std::unique_lock<std::mutex> lock_ddl() { return std::unique_lock(ddl_mutex_); }
  // Commits (with `deltas` of the same transaction), publishes the new catalog and applies it to clusters and sources.
  // Throws 40001 on a conflict. The caller holds the DDL lock.
  Timestamp commit_catalog(catalog::CatalogTransaction& transaction,
                           std::vector<storage::CollectionDelta> deltas,
                           storage::Preconditions preconditions = {});

  // Serialises read-then-write statements on a table, so that they do not fail each other.
  std::shared_ptr<std::mutex> write_lock(storage::CollectionId table);

  // Sessions, by connection id.
  void add_session(SessionState& session);
  void remove_session(SessionState& session);
  // Of one query: a quarter of the process's limit. 0: no limit.
  std::size_t query_memory_bytes_max() const { return options_.memory_limit_bytes / 4; }

 private:
  void open_secrets();  // checks the key, and rotates it if that is asked for
  void apply(const catalog::Catalog& before, const catalog::Catalog& after);
  void apply_clusters(const catalog::Catalog& before, const catalog::Catalog& after);
  void apply_items(const catalog::Catalog& before, const catalog::Catalog& after);
  void install(const catalog::Catalog& catalog, const catalog::Item& item);
  void uninstall(const catalog::Item& item);

  EnvironmentOptions options_;
  MemoryBudget memory_;
  catalog::SecretKeeper secrets_;
  std::unique_ptr<storage::Store> store_;
  std::atomic<Timestamp> oracle_{0};

  std::mutex ddl_mutex_;
  mutable std::mutex state_mutex_;
  catalog::CatalogPtr catalog_;
  std::map<catalog::ClusterId, std::shared_ptr<Cluster>> clusters_;
  std::unordered_map<std::uint64_t, std::shared_ptr<std::mutex>> write_locks_;

  mutable std::mutex sessions_mutex_;
  std::map<std::uint32_t, SessionState*> sessions_;

  std::unique_ptr<Tunnels> tunnels_;
  std::unique_ptr<AwsContext> aws_;
  std::unique_ptr<EndpointManager> endpoints_;
  std::unique_ptr<IntentWorker> intents_;
  std::unique_ptr<SourceManager> sources_;
  std::unique_ptr<RuntimePublisher> publisher_;
};

}  // namespace tailrace::engine
