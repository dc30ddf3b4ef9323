#include "grammar/builder/option_table.hpp"

namespace tailrace::grammar::builder {

namespace {

using enum OptionShape;

constexpr KnownOption connection_options[] = {
    {"ACCESS KEY ID"},
    {"ASSUME ROLE ARN"},
    {"ASSUME ROLE SESSION NAME"},
    {"AVAILABILITY ZONES"},
    {"AWS CONNECTION"},
    {"AWS PRIVATELINK", endpoint},
    {"BROKER", missing},
    {"BROKERS", missing},
    {"CATALOG TYPE"},
    {"CREDENTIAL"},
    {"DATABASE"},
    {"ENDPOINT"},
    {"GCP CONNECTION"},
    {"HOST"},
    {"HOST KEY"},
    {"HOST KEY CHECKING"},
    {"PASSWORD"},
    {"PORT"},
    {"PROGRESS TOPIC"},
    {"PROGRESS TOPIC REPLICATION FACTOR"},
    {"PUBLIC KEY 1"},
    {"PUBLIC KEY 2"},
    {"REGION"},
    {"REGISTRY"},
    {"SASL MECHANISMS"},
    {"SASL PASSWORD"},
    {"SASL USERNAME"},
    {"SCOPE"},
    {"SECRET ACCESS KEY"},
    {"SECURITY PROTOCOL"},
    {"SERVICE ACCOUNT KEY"},
    {"SERVICE NAME"},
    {"SESSION TOKEN"},
    {"SSH TUNNEL"},
    {"SSL CERTIFICATE"},
    {"SSL CERTIFICATE AUTHORITY"},
    {"SSL KEY"},
    {"SSL MODE"},
    {"URL"},
    {"USER"},
    {"USERNAME", value, "USER"},
    {"WAREHOUSE"},
};

constexpr KnownOption endpoint_options[] = {{"AVAILABILITY ZONE"}, {"PORT"}};

constexpr KnownOption validation_options[] = {{"VALIDATE"}};

constexpr KnownOption source_connection_options[] = {
    {"DETAILS"},         {"EXCLUDE COLUMNS"},
    {"GROUP ID PREFIX"}, {"IGNORE COLUMNS", value, "EXCLUDE COLUMNS"},
    {"PUBLICATION"},     {"START OFFSET"},
    {"START TIMESTAMP"}, {"TEXT COLUMNS"},
    {"TOPIC"},           {"TOPIC METADATA REFRESH INTERVAL"},
};

constexpr KnownOption load_generator_options[] = {
    {"AS OF"},
    {"BATCH SIZE"},
    {"EXCLUDE COLUMNS"},
    {"IGNORE COLUMNS", value, "EXCLUDE COLUMNS"},
    {"KEYS"},
    {"MAX CARDINALITY"},
    {"PARTITIONS"},
    {"SCALE FACTOR"},
    {"SEED"},
    {"SNAPSHOT ROUNDS"},
    {"TEXT COLUMNS"},
    {"TICK INTERVAL"},
    {"TRANSACTIONAL SNAPSHOT"},
    {"UP TO"},
    {"VALUE SIZE"},
};

constexpr KnownOption source_options[] = {{"RETAIN HISTORY"}, {"TIMESTAMP INTERVAL"}};

constexpr KnownOption added_subsources_options[] = {
    {"DETAILS"},
    {"EXCLUDE COLUMNS"},
    {"IGNORE COLUMNS", value, "EXCLUDE COLUMNS"},
    {"TEXT COLUMNS"},
};

constexpr KnownOption source_reference_options[] = {{"REFERENCE"}};

constexpr KnownOption table_from_source_options[] = {
    {"DETAILS"},         {"EXCLUDE ALL CONSTRAINTS"},
    {"EXCLUDE COLUMNS"}, {"EXCLUDE CONSTRAINTS"},
    {"PARTITION BY"},    {"IGNORE COLUMNS", value, "EXCLUDE COLUMNS"},
    {"RETAIN HISTORY"},  {"TEXT COLUMNS"},
};

constexpr KnownOption table_options[] = {{"PARTITION BY"}, {"RETAIN HISTORY"}};

// REFRESH has a rule of its own in the grammar.
constexpr KnownOption materialized_view_options[] = {
    {"ASSERT NOT NULL"}, {"PARTITION BY"}, {"REFRESH"}, {"RETAIN HISTORY"}};

constexpr KnownOption index_options[] = {{"RETAIN HISTORY"}};

constexpr KnownOption cluster_options[] = {
    {"AUTO SCALING STRATEGY", policy},
    {"AVAILABILITY ZONES"},
    {"DISK"},
    {"EXPERIMENTAL ARRANGEMENT COMPRESSION"},
    {"INTROSPECTION DEBUGGING"},
    {"INTROSPECTION INTERVAL"},
    {"MANAGED"},
    {"REPLICAS", replicas},
    {"REPLICATION FACTOR"},
    {"SCHEDULE", policy},
    {"SIZE"},
    {"WORKLOAD CLASS"},
};

constexpr KnownOption cluster_replica_options[] = {
    {"AVAILABILITY ZONE"},
    {"BILLED AS"},
    {"COMPUTE ADDRESSES"},
    {"COMPUTECTL ADDRESSES"},
    {"DISK"},
    {"EXPERIMENTAL ARRANGEMENT COMPRESSION"},
    {"INTERNAL"},
    {"INTROSPECTION DEBUGGING"},
    {"INTROSPECTION INTERVAL"},
    {"SIZE"},
    {"STORAGE ADDRESSES"},
    {"STORAGECTL ADDRESSES"},
    {"WORKERS"},
};

constexpr KnownOption cluster_change_options[] = {{"WAIT", policy}};

constexpr KnownOption cluster_policy_options[] = {
    {"HYDRATION SIZE"},
    {"HYDRATION TIME ESTIMATE"},
    {"LINGER DURATION"},
    {"ON TIMEOUT"},
    {"REHYDRATION TIME ESTIMATE", value, "HYDRATION TIME ESTIMATE"},
    {"TIMEOUT"},
};

constexpr KnownOption altered_options[] = {
    {"PARTITION BY"}, {"REFRESH"}, {"RETAIN HISTORY"}, {"TIMESTAMP INTERVAL"}};

constexpr KnownOption subscribe_options[] = {{"PROGRESS"}, {"SNAPSHOT"}};

constexpr KnownOption copy_options[] = {
    {"AWS CONNECTION"}, {"DELIMITER"},     {"ESCAPE"}, {"FILES"},   {"FORMAT"},
    {"HEADER"},         {"MAX FILE SIZE"}, {"NULL"},   {"PATTERN"}, {"QUOTE"},
};

constexpr KnownOption fetch_options[] = {{"TIMEOUT"}};

constexpr KnownOption explain_options[] = {
    {"ARITY"},
    {"CARDINALITY"},
    {"COLUMN NAMES"},
    {"EQUIVALENCES"},
    {"FILTER PUSHDOWN"},
    {"HUMANIZED EXPRESSIONS"},
    {"JOIN IMPLEMENTATIONS"},
    {"KEYS"},
    {"LINEAR CHAINS"},
    {"NO FAST PATH"},
    {"NO NOTICES"},
    {"NODE IDENTIFIERS"},
    {"NON NEGATIVE"},
    {"RAW PLANS"},
    {"RAW SYNTAX"},
    {"REDACTED"},
    {"SUBTREE SIZE"},
    {"TIMING"},
    {"TYPES"},
};

}  // namespace

std::span<const KnownOption> known_options(OptionListKind list) {
  switch (list) {
    case OptionListKind::connection:
    case OptionListKind::postgres_connection:
    case OptionListKind::ssh_tunnel_connection:
    case OptionListKind::aws_connection:
    case OptionListKind::aws_privatelink_connection:
      return connection_options;
    case OptionListKind::endpoint:
      return endpoint_options;
    case OptionListKind::validation:
      return validation_options;
    case OptionListKind::source_connection:
      return source_connection_options;
    case OptionListKind::load_generator:
      return load_generator_options;
    case OptionListKind::source:
      return source_options;
    case OptionListKind::added_subsources:
      return added_subsources_options;
    case OptionListKind::source_reference:
      return source_reference_options;
    case OptionListKind::table_from_source:
      return table_from_source_options;
    case OptionListKind::table:
      return table_options;
    case OptionListKind::materialized_view:
      return materialized_view_options;
    case OptionListKind::index:
      return index_options;
    case OptionListKind::cluster:
      return cluster_options;
    case OptionListKind::cluster_replica:
      return cluster_replica_options;
    case OptionListKind::cluster_change:
      return cluster_change_options;
    case OptionListKind::cluster_policy:
      return cluster_policy_options;
    case OptionListKind::altered:
      return altered_options;
    case OptionListKind::subscribe:
      return subscribe_options;
    case OptionListKind::copy:
      return copy_options;
    case OptionListKind::fetch:
      return fetch_options;
    case OptionListKind::explain:
      return explain_options;
  }
  return {};
}

std::vector<std::string_view> sensible_options(OptionListKind list) {
  switch (list) {
    case OptionListKind::postgres_connection:
      return {"AWS CONNECTION", "AWS PRIVATELINK", "DATABASE",
              "HOST",           "PASSWORD",        "PORT",
              "SSH TUNNEL",     "SSL CERTIFICATE", "SSL CERTIFICATE AUTHORITY",
              "SSL KEY",        "SSL MODE",        "USER"};
    case OptionListKind::ssh_tunnel_connection:
      return {"HOST", "HOST KEY", "HOST KEY CHECKING", "PORT", "USER"};
    case OptionListKind::aws_connection:
      return {"ACCESS KEY ID", "ASSUME ROLE ARN", "ASSUME ROLE SESSION NAME",
              "ENDPOINT",      "REGION",          "SECRET ACCESS KEY",
              "SESSION TOKEN"};
    case OptionListKind::aws_privatelink_connection:
      return {"AVAILABILITY ZONES", "SERVICE NAME"};
    default:
      break;
  }
  std::vector<std::string_view> names;
  for (const KnownOption& option : known_options(list)) names.push_back(option.name);
  return names;
}

}  // namespace tailrace::grammar::builder
