#include "catalog/builtin/declare.hpp"
#include "catalog/cluster_size.hpp"

namespace tailrace::catalog {

namespace {

void cluster_row(const Catalog&, const Cluster& cluster, BuiltinRows& rows) {
  const auto if_managed = [&](Value value) {
    return cluster.managed ? std::move(value) : Value(Null{});
  };
  rows.add({{"id", id_text(cluster.id)},
            {"name", text(cluster.name)},
            {"owner_id", id_text(cluster.owner)},
            {"privileges", acl_array(cluster.privileges)},
            {"managed", Value(cluster.managed)},
            {"size", if_managed(text(cluster.size))},
            {"replication_factor", if_managed(Value(std::uint32_t{cluster.replication_factor}))},
            {"disk", if_managed(Value(true))},
            {"introspection_debugging", if_managed(Value(false))},
            {"introspection_interval", if_managed(Value(Interval{0, 0, 1'000'000}))}});
}

void replica_rows(const Catalog&, const Cluster& cluster, BuiltinRows& rows) {
  for (const Replica& replica : cluster.replicas) {
    rows.add({{"id", id_text(replica.id)},
              {"name", text(replica.name)},
              {"cluster_id", id_text(cluster.id)},
              {"size", replica.size.empty() ? Value(Null{}) : text(replica.size)},
              {"owner_id", id_text(replica.owner)},
              {"disk", Value(true)}});
  }
}

void size_rows(const Catalog&, BuiltinRows& rows) {
  for (const ClusterSize& size : cluster_sizes()) {
    rows.add({{"size", text(size.name)},
              {"processes", Value(std::uint64_t{1})},
              {"workers", Value(std::uint64_t{size.workers})},
              {"cpu_nano_cores", Value(std::uint64_t{size.cpu_nano_cores})},
              {"memory_bytes", Value(std::uint64_t{size.memory_bytes})},
              {"disk_bytes", Value(std::uint64_t{0})},
              {"credits_per_hour", Value(Numeric::parse(size.credits_per_hour))}});
  }
}

}  // namespace

std::vector<BuiltinTable> cluster_tables() {
  std::vector<BuiltinTable> all;
  all.push_back(table(16726, "mz_catalog", "mz_clusters", "Clusters.",
                      {{"id", text_type},
                       {"name", text_type},
                       {"owner_id", text_type},
                       {"privileges", acl_type},
                       {"managed", bool_type},
                       {"size", text_type, nullable},
                       {"replication_factor", TypeId::uint4, nullable},
                       {"disk", bool_type, nullable},
                       {"availability_zones", Type::list_of(TypeId::text), nullable},
                       {"introspection_debugging", bool_type, nullable},
                       {"introspection_interval", TypeId::interval, nullable}}));
  all.back().of_cluster = cluster_row;
  all.push_back(table(16728, "mz_catalog", "mz_cluster_replicas", "Replicas of clusters.",
                      {{"id", text_type},
                       {"name", text_type},
                       {"cluster_id", text_type},
                       {"size", text_type, nullable},
                       {"availability_zone", text_type, nullable},
                       {"owner_id", text_type},
                       {"disk", bool_type, nullable}}));
  all.back().of_cluster = replica_rows;
  all.push_back(table(16731, "mz_catalog", "mz_cluster_replica_sizes",
                      "Sizes that a cluster can have.",
                      {{"size", text_type},
                       {"processes", uint8_type},
                       {"workers", uint8_type},
                       {"cpu_nano_cores", uint8_type},
                       {"memory_bytes", uint8_type},
                       {"disk_bytes", uint8_type},
                       {"credits_per_hour", TypeId::numeric}}));
  all.back().of_catalog = size_rows;
  return all;
}

}  // namespace tailrace::catalog
