#include "engine/coordinator/coordinator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/builtin/relation.hpp"
#include "catalog/cluster_size.hpp"
#include "catalog/loader.hpp"
#include "engine/coordinator/aws/aws_context.hpp"
#include "engine/coordinator/aws/endpoint_manager.hpp"
#include "engine/coordinator/intents.hpp"
#include "engine/coordinator/master_key.hpp"
#include "engine/coordinator/plan_item.hpp"
#include "engine/coordinator/runtime_publisher.hpp"
#include "engine/coordinator/session_state.hpp"
#include "engine/coordinator/source_manager.hpp"
#include "engine/coordinator/tunnels.hpp"

namespace tailrace::engine {

namespace {

std::filesystem::path secret_key_file(const EnvironmentOptions& options) {
  return options.secret_key_file.empty() ? options.data_directory / "secret.key"
                                         : options.secret_key_file;
}

catalog::SecretKeeper first_key(const EnvironmentOptions& options) {
  const bool own = options.secret_key_file.empty();
  const auto file = secret_key_file(options);
  // A data directory that already holds a store must already have its key: a new one could read nothing.
  const bool fresh = !std::filesystem::exists(options.data_directory / "CURRENT");
  return catalog::SecretKeeper::open(file, own && fresh);
}

void make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw SqlError(sqlstate::io_error, fmt::format("cannot create the data directory \"{}\": {}",
                                                   directory.string(), error.message()));
  }
}

// Worker threads of a cluster on this machine: what its size says, none without replicas.
std::size_t workers_of(const catalog::Cluster& cluster) {
  if (cluster.replicas.empty()) return 0;
  const auto* size = catalog::find_cluster_size(cluster.replicas.front().size);
  return size ? size->workers : 1;
}

}  // namespace

std::unique_ptr<Environment> Environment::open(EnvironmentOptions options) {
  make_directory(options.data_directory);
  return std::make_unique<Coordinator>(std::move(options));
}

Environment::~Environment() = default;

Coordinator::Coordinator(EnvironmentOptions options)
    : options_(std::move(options)),
      memory_("the process", options_.memory_limit_bytes),
      secrets_(first_key(options_)) {
  storage::StoreOptions store_options;
  store_options.directory = options_.data_directory;
  store_options.deferred_replicated_sync = options_.deferred_replicated_sync;
  store_options.sync = options_.sync;
  store_options.memory = &memory_;
  store_options.warn = [this](std::string_view message) { log("warn", message); };
  store_ = storage::Store::open(std::move(store_options));
  open_secrets();
  catalog_ = catalog::load_catalog(*store_, {});
  oracle_ = store_->latest_time();
  tunnels_ = std::make_unique<Tunnels>(*this);
  aws_ = std::make_unique<AwsContext>(options_.aws);
  endpoints_ = std::make_unique<EndpointManager>(*this);
  intents_ = std::make_unique<IntentWorker>(*this);
  sources_ = std::make_unique<SourceManager>(*this);
  publisher_ = std::make_unique<RuntimePublisher>(*this);
  const catalog::Catalog nothing;
  apply(nothing, *catalog_);
  // Everything that goes on from before a restart has taken its holds by now.
  store_->holds_taken_up();
  sources_->start_recorded();
  publisher_->start();
  intents_->start();
  endpoints_->start();
}

void Coordinator::open_secrets() {
  if (options_.new_secret_key_file.empty()) {
    check_master_key(*store_, secrets_, secret_key_file(options_));
    return;
  }
  catalog::SecretKeeper fresh = catalog::SecretKeeper::open(options_.new_secret_key_file, true);
  rotate_master_key(*store_, secrets_, fresh);
  secrets_ = std::move(fresh);
  check_master_key(*store_, secrets_, options_.new_secret_key_file);
  log("warn", fmt::format("secrets are encrypted with the key in \"{0}\" now: start with "
                          "--secret-key-file {0} from now on",
                          options_.new_secret_key_file.string()));
}

Coordinator::~Coordinator() {
  endpoints_->stop();
  intents_.reset();
  publisher_.reset();
  sources_.reset();
  tunnels_.reset();
  std::map<catalog::ClusterId, std::shared_ptr<Cluster>> clusters;
  {
    std::lock_guard lock(state_mutex_);
    clusters.swap(clusters_);
  }
  clusters.clear();
  store_.reset();
}

void Coordinator::log(std::string_view level, std::string_view message) const {
  if (options_.log) options_.log(level, message);
}

catalog::CatalogPtr Coordinator::catalog() const {
  std::lock_guard lock(state_mutex_);
  return catalog_;
}

std::shared_ptr<Cluster> Coordinator::cluster(catalog::ClusterId id) const {
  std::lock_guard lock(state_mutex_);
  const auto found = clusters_.find(id);
  return found == clusters_.end() ? nullptr : found->second;
}

std::string Coordinator::secret_value(catalog::ItemId id) const {
  const auto sealed = store_->read_record(storage::RecordSpace::secrets, id.to_string());
  if (!sealed)
    throw SqlError(sqlstate::undefined_object,
                   fmt::format("secret {} has no value", id.to_string()));
  return secrets_.unseal(id.to_string(), *sealed);
}

void Coordinator::advance_oracle(Timestamp time) {
  Timestamp known = oracle_.load(std::memory_order_relaxed);
  while (known < time && !oracle_.compare_exchange_weak(known, time, std::memory_order_acq_rel)) {
  }
}

std::shared_ptr<std::mutex> Coordinator::write_lock(storage::CollectionId table) {
  std::lock_guard lock(state_mutex_);
  auto& entry = write_locks_[table.value];
  if (!entry) entry = std::make_shared<std::mutex>();
  return entry;
}

Timestamp Coordinator::commit_catalog(catalog::CatalogTransaction& transaction,
                                      std::vector<storage::CollectionDelta> deltas,
                                      storage::Preconditions preconditions) {
  storage::CommitRequest request = transaction.build();
  for (auto& delta : deltas) request.deltas.push_back(std::move(delta));
  request.preconditions.unchanged_since = std::move(preconditions.unchanged_since);
  const storage::CommitOutcome outcome = store_->commit(std::move(request));
  if (outcome.error) throw *outcome.error;
  if (outcome.conflict) {
    if (outcome.conflict->what == storage::Conflict::What::catalog_version) {
      throw SqlError(sqlstate::serialization_failure,
                     "another session modified the catalog while this DDL transaction was open")
          .hint("Try again.");
    }
    throw SqlError(sqlstate::serialization_failure,
                   "could not serialize access due to a concurrent write")
        .detail(outcome.conflict->detail)
        .hint("Try again.");
  }
  advance_oracle(outcome.time);
  const std::vector<catalog::ItemId> secrets = transaction.secrets_changed();
  const catalog::CatalogPtr before = catalog();
  const catalog::CatalogPtr after = transaction.committed(store_->catalog_version());
  {
    std::lock_guard lock(state_mutex_);
    catalog_ = after;
  }
  apply(*before, *after);
  if (!secrets.empty()) sources_->secrets_altered(*after, secrets);
  return outcome.time;
}

void Coordinator::apply(const catalog::Catalog& before, const catalog::Catalog& after) {
  // What goes, goes before what it ran on; what comes, comes after.
  for (const auto& [id, item] : before.items()) {
    const catalog::Item* now = after.find(id);
    const bool moved = now != nullptr && now->cluster() != item->cluster();
    if (now == nullptr || moved) uninstall(*item);
  }
  apply_clusters(before, after);
  apply_items(before, after);
  tunnels_->apply(before, after);
  sources_->apply(before, after);
  intents_->wake();
  endpoints_->wake();
}

void Coordinator::apply_clusters(const catalog::Catalog& before, const catalog::Catalog& after) {
  for (const auto& [id, cluster] : before.clusters()) {
    if (after.find(id) != nullptr) continue;
    std::shared_ptr<Cluster> gone;
    std::lock_guard lock(state_mutex_);
    const auto found = clusters_.find(id);
    if (found == clusters_.end()) continue;
    gone = std::move(found->second);
    clusters_.erase(found);
  }
  for (const auto& [id, description] : after.clusters()) {
    const catalog::Cluster* known = before.find(id);
    const std::size_t workers = workers_of(*description);
    const std::shared_ptr<Cluster> running = cluster(id);
    if (running) {
      if (known == nullptr || workers_of(*known) != workers) running->set_workers(workers);
      continue;
    }
    Cluster::Options options{.name = description->name,
                             .workers = workers,
                             .store = *store_,
                             .memory = &memory_,
                             .log = [this](std::string_view message) { log("info", message); }};
    std::shared_ptr<Cluster> created = Cluster::create(std::move(options));
    std::lock_guard lock(state_mutex_);
    clusters_[id] = std::move(created);
  }
}

void Coordinator::apply_items(const catalog::Catalog& before, const catalog::Catalog& after) {
  // In the order of their ids: what an item uses came before it.
  for (const auto& [id, item] : after.items()) {
    if (id.is_system()) continue;
    const catalog::Item* known = before.find(id);
    if (known == nullptr || known->cluster() != item->cluster()) install(after, *item);
  }
}

void Coordinator::install(const catalog::Catalog& catalog, const catalog::Item& item) {
  const std::shared_ptr<Cluster> on = cluster(item.cluster());
  if (!on) return;
  try {
    if (const auto* view = item.as<catalog::MaterializedView>()) {
      on->install(MaterializedViewDescription{.id = catalog::collection_of(item.id),
                                              .plan = plan_materialized_view(catalog, item),
                                              .as_of = view->as_of});
    } else if (item.as<catalog::Index>() != nullptr) {
      on->install(plan_index(catalog, item));
    }
  } catch (const SqlError& error) {
    // What was planned when it was created can be planned again; a newer binary may disagree. Say so and go on:
    // everything else must keep running.
    log("error", fmt::format("cannot maintain {}: {}", catalog.full_name(item), error.message()));
  }
}

void Coordinator::uninstall(const catalog::Item& item) {
  if (item.as<catalog::MaterializedView>() == nullptr && item.as<catalog::Index>() == nullptr)
    return;
  if (const auto on = cluster(item.cluster())) on->drop(catalog::collection_of(item.id));
}

void Coordinator::add_session(SessionState& session) {
  std::lock_guard lock(sessions_mutex_);
  sessions_[session.options().connection_id] = &session;
}

void Coordinator::remove_session(SessionState& session) {
  std::lock_guard lock(sessions_mutex_);
  const auto found = sessions_.find(session.options().connection_id);
  if (found != sessions_.end() && found->second == &session) sessions_.erase(found);
}

std::size_t Coordinator::session_count() const {
  std::lock_guard lock(sessions_mutex_);
  return sessions_.size();
}

std::size_t Coordinator::session_count_max() const {
  const auto& variables = catalog()->system_variables();
  const auto found = variables.find("max_connections");
  return found == variables.end() ? 5000 : static_cast<std::size_t>(std::stoul(found->second));
}

std::vector<Environment::Metric> Coordinator::metrics() const {
  return publisher_->metrics();
}

std::string password_verifier(Environment& environment, std::string_view user) {
  auto& coordinator = static_cast<Coordinator&>(environment);
  const catalog::CatalogPtr catalog = coordinator.catalog();
  const catalog::Role* role = catalog->find_role(user);
  if (role == nullptr) return "";
  if (!role->login) {
    throw SqlError(sqlstate::invalid_authorization,
                   fmt::format("role \"{}\" is not allowed to login", user));
  }
  return role->password_verifier;
}

}  // namespace tailrace::engine
