// Creating clusters, databases, schemas and roles.
#include <utility>

#include "grammar/builder/builder.hpp"
#include "grammar/builder/option.hpp"
#include "repr/error.hpp"

namespace tailrace::grammar::builder {

namespace {

ast::CreateCluster create_cluster(P::CreateClusterContext& tree) {
  if (tree.FEATURES())
    throw_unsupported(tree.FEATURES()->getSymbol(), "CREATE CLUSTER ... FEATURES");
  ast::CreateCluster out{.name = ident(tree.identifier()),
                         .if_not_exists = tree.ifNotExists() != nullptr,
                         .options = options(*tree.bareOptions(), OptionListKind::cluster)};
  if (out.options.empty())
    throw_syntax_error(tree.bareOptions()->stop,
                       "Expected one of SIZE or REPLICAS, found right parenthesis");
  return out;
}

ast::CreateClusterReplica create_replica(P::CreateClusterReplicaContext& tree) {
  return {.cluster = ident(tree.identifier(0)),
          .name = ident(tree.identifier(1)),
          .if_not_exists = tree.ifNotExists() != nullptr,
          .options = options(*tree.bareOptions(), OptionListKind::cluster_replica)};
}

ast::CreateSchema create_schema(P::CreateSchemaContext& tree) {
  ast::CreateSchema out{.name = name(*tree.objectName()),
                        .if_not_exists = tree.ifNotExists() != nullptr};
  check_parts(out.name, 2);
  return out;
}

// What follows CREATE, in upper case: SINK, NETWORK POLICY, ..
[[noreturn]] void refuse(P::CreateOtherContext& tree) {
  if (tree.SUBSOURCE() != nullptr) {
    throw SqlError(sqlstate::feature_not_supported, "CREATE SUBSOURCE statements are not supported")
        .hint("Use ALTER SOURCE ... ADD SUBSOURCE.")
        .position(position(tree.start));
  }
  std::string feature = "CREATE";
  for (Node* child : tree.children)
    if (const std::size_t type = token_type(child); type != 0 && type != P::CREATE)
      feature += " " + upper(child->getText());
  throw_unsupported(tree.start, feature);
}

}  // namespace

std::vector<ast::RoleAttribute> role_attributes(
    const std::vector<P::RoleAttributeContext*>& trees) {
  using enum ast::RoleAttributeKind;
  std::vector<ast::RoleAttribute> out;
  for (auto* tree : trees) {
    ast::RoleAttribute attribute{.position = position(*tree)};
    switch (first_type(*tree)) {
      case P::SUPERUSER:
        attribute.kind = superuser;
        break;
      case P::NOSUPERUSER:
        attribute.kind = no_superuser;
        break;
      case P::LOGIN:
        attribute.kind = login;
        break;
      case P::NOLOGIN:
        attribute.kind = no_login;
        break;
      case P::INHERIT:
        attribute.kind = inherit;
        break;
      case P::NOINHERIT:
        attribute.kind = no_inherit;
        break;
      case P::CREATEDB:
        attribute.kind = create_db;
        break;
      case P::NOCREATEDB:
        attribute.kind = no_create_db;
        break;
      case P::CREATEROLE:
        attribute.kind = create_role;
        break;
      case P::NOCREATEROLE:
        attribute.kind = no_create_role;
        break;
      case P::CREATECLUSTER:
        attribute.kind = create_cluster;
        break;
      case P::NOCREATECLUSTER:
        attribute.kind = no_create_cluster;
        break;
      default:
        attribute.kind = password;
        if (tree->stringLiteral()) attribute.password = string_value(*tree->stringLiteral());
    }
    out.push_back(std::move(attribute));
  }
  return out;
}

ast::Statement create_other(P::CreateStatementContext& tree) {
  if (tree.createCluster()) return {create_cluster(*tree.createCluster())};
  if (tree.createClusterReplica()) return {create_replica(*tree.createClusterReplica())};
  if (auto* database = tree.createDatabase())
    return {ast::CreateDatabase{ident(database->identifier()), database->ifNotExists() != nullptr}};
  if (tree.createSchema()) return {create_schema(*tree.createSchema())};
  if (auto* role = tree.createRole())
    return {ast::CreateRole{ident(role->identifier()), role_attributes(role->roleAttribute())}};
  refuse(*tree.createOther());
}

}  // namespace tailrace::grammar::builder
