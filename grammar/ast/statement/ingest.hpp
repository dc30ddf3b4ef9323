// Secrets, connections, sources and the tables that sources fill.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "grammar/ast/expression.hpp"
#include "grammar/ast/name.hpp"
#include "grammar/ast/option.hpp"
#include "grammar/ast/type_name.hpp"

namespace tailrace::ast {

struct CreateSecret {
  ObjectName name;
  bool if_not_exists = false;
  Expression value;
};

struct AlterSecret {  // ALTER SECRET name AS value
  ObjectName name;
  bool if_exists = false;
  Expression value;
};

enum class ConnectionKind {
  postgres,
  ssh_tunnel,
  kafka,
  confluent_schema_registry,
  aws_glue_schema_registry,
  mysql,
  sql_server,
  aws,
  aws_privatelink,
  gcp,
  iceberg_catalog,
};

struct CreateConnection {
  ObjectName name;
  bool if_not_exists = false;
  ConnectionKind kind = ConnectionKind::postgres;
  std::vector<Option> options;
  std::vector<Option> with;  // VALIDATE
};

struct AlterConnectionSet {
  Option option;
};
struct AlterConnectionReset {
  std::string option;
  std::uint32_t position = 0;
};
struct AlterConnectionRotateKeys {};

struct AlterConnection {
  ObjectName name;
  bool if_exists = false;
  // One each per option, in the order written.
  std::vector<std::variant<AlterConnectionSet, AlterConnectionReset, AlterConnectionRotateKeys>>
      actions;
  std::vector<Option> with;  // VALIDATE
};

struct ValidateConnection {
  ObjectName name;
};

enum class SourceKind { postgres, mysql, sql_server, kafka, load_generator };

// POSTGRES CONNECTION c (PUBLICATION 'p', ..) | LOAD GENERATOR AUCTION (TICK INTERVAL '1s', ..)
struct SourceConnection {
  SourceKind kind = SourceKind::postgres;
  ObjectName connection;  // not of load generators
  std::string generator;  // of load generators: AUCTION, KEY VALUE, ..
  std::vector<Option> options;
};

// A table of the upstream, and what it shall be called here.
struct ExternalReference {
  ObjectName reference;
  std::optional<ObjectName> alias;
};

struct ForAllTables {};
struct ForSchemas {
  std::vector<Ident> schemas;
};
struct ForTables {
  std::vector<ExternalReference> tables;
};
using SubsourceSelection = std::variant<ForAllTables, ForSchemas, ForTables>;

struct CreateSource {
  ObjectName name;
  bool if_not_exists = false;
  std::optional<ClusterName> in_cluster;
  SourceConnection connection;
  std::optional<SubsourceSelection> subsources;  // absent: the new model
  std::optional<ObjectName> progress;            // EXPOSE PROGRESS AS
  std::vector<Option> with;
};

struct AddSubsources {
  std::vector<ExternalReference> tables;
  std::vector<Option> with;
};
struct DropSubsources {
  bool if_exists = false;
  std::vector<ObjectName> names;
  bool cascade = false;
};
struct RefreshReferences {};

struct AlterSource {
  ObjectName name;
  bool if_exists = false;
  std::variant<AddSubsources, DropSubsources, RefreshReferences> action;
};

// CREATE TABLE name FROM SOURCE source (REFERENCE = public.t) WITH (TEXT COLUMNS (a))
struct CreateTableFromSource {
  ObjectName name;
  bool if_not_exists = false;
  std::vector<Ident> columns;  // empty: as upstream
  ObjectName source;
  std::optional<ObjectName> reference;
  std::vector<Option> with;
};

}  // namespace tailrace::ast
