// Kinds of objects, by their words.
#include "grammar/builder/builder.hpp"

namespace tailrace::grammar::builder {

ast::ObjectKind kind(P::AlterKindContext& tree) {
  using enum ast::ObjectKind;
  switch (first_type(tree)) {
    case P::CLUSTER:
      return tree.REPLICA() ? cluster_replica : cluster;
    case P::CONNECTION:
      return connection;
    case P::DATABASE:
      return database;
    case P::INDEX:
      return index;
    case P::MATERIALIZED:
      return materialized_view;
    case P::NETWORK:
      return network_policy;
    case P::SCHEMA:
      return schema;
    case P::SECRET:
      return secret;
    case P::SINK:
      return sink;
    case P::SOURCE:
      return source;
    case P::TABLE:
      return table;
    case P::TYPE:
      return ast::ObjectKind::type;
    default:
      return view;
  }
}

ast::ObjectKind kind(P::PluralKindContext& tree) {
  using enum ast::ObjectKind;
  switch (first_type(tree)) {
    case P::CLUSTER:
      return cluster_replica;
    case P::CLUSTERS:
      return cluster;
    case P::CONNECTIONS:
      return connection;
    case P::DATABASES:
      return database;
    case P::INDEXES:
      return index;
    case P::MATERIALIZED:
      return materialized_view;
    case P::NETWORK:
      return network_policy;
    case P::ROLES:
      return role;
    case P::SCHEMAS:
      return schema;
    case P::SECRETS:
      return secret;
    case P::SINKS:
      return sink;
    case P::SOURCES:
      return source;
    case P::SUBSOURCES:
      return subsource;
    case P::TABLES:
      return table;
    case P::TYPES:
      return ast::ObjectKind::type;
    default:
      return view;
  }
}

}  // namespace tailrace::grammar::builder
