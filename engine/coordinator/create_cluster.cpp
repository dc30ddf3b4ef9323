#include <fmt/format.h>

#include "catalog/cluster_size.hpp"
#include "engine/coordinator/ddl.hpp"
#include "engine/coordinator/options.hpp"

namespace tailrace::engine {

namespace {

constexpr std::int64_t replicas_max = 5;

void require_size(const std::string& size) {
  if (catalog::find_cluster_size(size) != nullptr) return;
  std::string sizes;
  for (const auto& each : catalog::cluster_sizes())
    sizes += (sizes.empty() ? "" : ", ") + std::string(each.name);
  throw SqlError(sqlstate::invalid_parameter_value,
                 fmt::format("unknown cluster replica size {}", size))
      .hint("Available sizes: " + sizes + ".");
}

// The full names of the sources that run there.
std::vector<std::string> sources_in(const catalog::Catalog& catalog, catalog::ClusterId cluster) {
  std::vector<std::string> names;
  for (const auto& [id, item] : catalog.items()) {
    const auto* source = item->as<catalog::Source>();
    if (source != nullptr && source->kind == catalog::Source::Kind::postgres &&
        source->cluster == cluster)
      names.push_back(catalog.full_name(*item));
  }
  return names;
}

// Settings that are accepted and stored because scripts give them; they change nothing on one machine.
void read_stored_options(OptionReader& options, catalog::Cluster& cluster) {
  if (const auto interval = options.value("INTROSPECTION INTERVAL")) (void)interval;
  options.boolean("INTROSPECTION DEBUGGING");
  options.boolean("DISK");
  options.boolean("EXPERIMENTAL ARRANGEMENT COMPRESSION");
  if (options.has("SCHEDULE") && options.text("SCHEDULE") != "manual")
    throw unsupported("SCHEDULE other than MANUAL");
  if (options.has("AVAILABILITY ZONES")) options.value("AVAILABILITY ZONES");
  (void)cluster;
}

std::uint32_t replication_factor(OptionReader& options, std::uint32_t otherwise) {
  const std::int64_t factor = options.number("REPLICATION FACTOR").value_or(otherwise);
  if (factor < 0) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "invalid REPLICATION FACTOR: cannot be negative");
  }
  if (factor > replicas_max) {
    throw SqlError(
        sqlstate::configuration_limit_exceeded,
        fmt::format(
            "creating cluster replica would violate max_replicas_per_cluster limit (desired: {}, "
            "limit: {}, current: 0)",
            factor, replicas_max));
  }
  return static_cast<std::uint32_t>(factor);
}

// Replicas r1..rN of the cluster's size. A changed size gets new replicas with new names, as a replacement would.
void fit_replicas(SessionState& session, catalog::Cluster& cluster, bool replace_all) {
  std::uint64_t next_name = 1;
  for (const catalog::Replica& replica : cluster.replicas) {
    next_name = std::max<std::uint64_t>(next_name, std::stoull(replica.name.substr(1)) + 1);
  }
  if (replace_all) cluster.replicas.clear();
  if (replace_all && cluster.replication_factor > 0 && next_name > cluster.replication_factor + 1u)
    next_name = 1;
  while (cluster.replicas.size() > cluster.replication_factor) cluster.replicas.pop_back();
  while (cluster.replicas.size() < cluster.replication_factor) {
    catalog::Replica replica;
    replica.id = session.ddl().next_replica_id();
    replica.name = fmt::format("r{}", next_name++);
    replica.size = cluster.size;
    replica.owner = cluster.owner;
    cluster.replicas.push_back(std::move(replica));
  }
}

}  // namespace

void notice_of_one_replica(SessionState& session, const catalog::Cluster& cluster,
                           const std::vector<std::string>& sources) {
  if (cluster.replicas.size() <= 1 || sources.empty()) return;
  std::string names;
  for (const std::string& name : sources)
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", name);
  session.notice(
      fmt::format("cluster \"{}\" has more than one replica, but the following sources in it "
                  "always run on only the first replica: {}",
                  cluster.name, names));
}

StatementResult create_cluster(SessionState& session, const ast::CreateCluster& statement) {
  const std::string& name = statement.name.value;
  if (name.starts_with("mz_") || name.starts_with("pg_")) {
    throw SqlError(sqlstate::reserved_name, fmt::format("cluster name \"{}\" is reserved", name))
        .detail("The prefixes \"mz_\" and \"pg_\" are reserved for system clusters.")
        .position(statement.name.position);
  }
  OptionReader options(statement.options, "clusters");
  if (options.has("REPLICAS") || options.boolean("MANAGED") == false)
    throw unsupported("unmanaged clusters");
  catalog::Cluster cluster;
  cluster.name = name;
  const auto size = options.text("SIZE");
  if (!size)
    throw SqlError(sqlstate::invalid_parameter_value,
                   "SIZE must be specified for managed clusters");
  require_size(*size);
  cluster.size = *size;
  cluster.replication_factor = replication_factor(options, 1);
  read_stored_options(options, cluster);
  options.finish();
  if (session.catalog().find_cluster(name) != nullptr) {
    if (!statement.if_not_exists) {
      throw SqlError(sqlstate::duplicate_object, fmt::format("cluster '{}' already exists", name))
          .position(statement.name.position);
    }
    session.notice(fmt::format("cluster \"{}\" already exists, skipping", name),
                   sqlstate::duplicate_object);
    return ddl_result("CREATE CLUSTER");
  }
  cluster.id = session.ddl().next_cluster_id();
  cluster.oid = session.ddl().next_oid();
  cluster.owner = session.role().id;
  fit_replicas(session, cluster, false);
  session.ddl().create(std::move(cluster));
  return ddl_result("CREATE CLUSTER");
}

namespace {

// What a pause costs upstream is seen there alone, and late.
void warn_of_paused_sources(SessionState& session, catalog::ClusterId cluster) {
  for (const auto& [id, item] : session.catalog().items()) {
    const auto* source = item->as<catalog::Source>();
    if (source == nullptr || source->cluster != cluster || source->replication_slot.empty())
      continue;
    session.notice(
        fmt::format(
            "source \"{}\" is paused: upstream keeps its log from here on for replication slot "
            "\"{}\"",
            item->name, source->replication_slot),
        sqlstate::successful_completion, "Let the cluster run again, or drop the source.");
  }
}

}  // namespace

StatementResult alter_cluster(SessionState& session, const ast::AlterSetOptions& statement) {
  const catalog::Cluster* found = session.catalog().find_cluster(statement.name.last());
  if (found == nullptr && statement.if_exists) {
    session.notice(fmt::format("CLUSTER \"{}\" does not exist, skipping", statement.name.last()),
                   sqlstate::undefined_object);
    return ddl_result("ALTER CLUSTER");
  }
  catalog::Cluster cluster = session.catalog().resolve_cluster(statement.name.last());
  if (cluster.id.is_system()) {
    throw SqlError(sqlstate::insufficient_privilege,
                   fmt::format("system cluster '{}' cannot be modified", cluster.name));
  }
  OptionReader options(statement.options, "clusters");
  bool resized = false;
  if (const auto size = options.text("SIZE")) {
    require_size(*size);
    resized = cluster.size != *size;
    cluster.size = *size;
  }
  cluster.replication_factor = replication_factor(options, cluster.replication_factor);
  if (options.boolean("MANAGED") == false) throw unsupported("unmanaged clusters");
  read_stored_options(options, cluster);
  options.finish();
  fit_replicas(session, cluster, resized);
  if (cluster.replication_factor == 0 && found->replication_factor > 0)
    warn_of_paused_sources(session, cluster.id);
  if (cluster.replicas.size() > found->replicas.size())
    notice_of_one_replica(session, cluster, sources_in(session.catalog(), cluster.id));
  session.ddl().replace(std::move(cluster));
  return ddl_result("ALTER CLUSTER");
}

}  // namespace tailrace::engine
