// ALTER, DROP and COMMENT, which every kind of object has.
#include <utility>

#include "grammar/builder/builder.hpp"
#include "grammar/builder/option.hpp"

namespace tailrace::grammar::builder {

namespace {

ast::Statement alter_system(P::AlterSystemContext& tree) {
  ast::AlterSystem out;
  if (auto* assignment = tree.settingAssignment()) {
    out.variable = setting_name(*assignment->settingName());
    out.values = variable_values(*assignment->settingValues());
  } else if (tree.settingName()) {
    out.variable = setting_name(*tree.settingName());
  }
  return {std::move(out)};
}

ast::Statement alter_role(P::AlterRoleContext& tree) {
  ast::Ident role = ident(tree.identifier());
  if (auto* assignment = tree.settingAssignment())
    return {ast::AlterRoleVariable{std::move(role), setting_name(*assignment->settingName()),
                                   variable_values(*assignment->settingValues())}};
  if (tree.settingName())
    return {
        ast::AlterRoleVariable{std::move(role), setting_name(*tree.settingName()), std::nullopt}};
  return {ast::AlterRoleAttributes{std::move(role), role_attributes(tree.roleAttribute())}};
}

ast::Statement alter_table(P::AlterTableContext& tree) {
  const std::size_t table = tree.objectName()->start->getTokenIndex();
  const bool if_exists = tree.ifExists() && tree.ifExists()->start->getTokenIndex() < table;
  return {ast::AlterTableAddColumn{.name = name(*tree.objectName()),
                                   .if_exists = if_exists,
                                   .if_column_not_exists = tree.ifNotExists() != nullptr,
                                   .column = column_definition(*tree.columnDefinition())}};
}

OptionListKind list_of(ast::ObjectKind kind) {
  return kind == ast::ObjectKind::cluster           ? OptionListKind::cluster
         : kind == ast::ObjectKind::cluster_replica ? OptionListKind::cluster_replica
                                                    : OptionListKind::altered;
}

// A cluster replica is `cluster.replica`; what is global has one part.
void check_kind_parts(const ast::ObjectName& name, ast::ObjectKind kind) {
  using enum ast::ObjectKind;
  switch (kind) {
    case cluster:
    case database:
    case role:
    case network_policy:
      return check_parts(name, 1);
    case schema:
      return check_parts(name, 2);
    case cluster_replica:
      if (name.parts.size() != 2) check_parts(name, 0);
      return;
    default:
      return;
  }
}

ast::Statement alter_object(P::AlterObjectContext& tree) {
  const ast::ObjectKind what = kind(*tree.alterKind());
  const bool if_exists = tree.ifExists() != nullptr;
  ast::ObjectName object = name(*tree.objectName());
  check_kind_parts(object, what);
  if (tree.RENAME())
    return {ast::Rename{what, if_exists, std::move(object), ident(tree.identifier())}};
  if (tree.OWNER())
    return {ast::SetOwner{what, if_exists, std::move(object), ident(tree.identifier())}};
  if (tree.SWAP()) {
    if (what != ast::ObjectKind::schema && what != ast::ObjectKind::cluster)
      throw_syntax_error(tree.SWAP()->getSymbol(), "Expected one of RENAME or OWNER, found SWAP");
    return {ast::Swap{what, if_exists, std::move(object), ident(tree.identifier())}};
  }
  if (tree.clusterName())
    return {ast::AlterSetCluster{what, if_exists, std::move(object), cluster(*tree.clusterName())}};
  if (tree.optionNames())
    return {ast::AlterResetOptions{what, if_exists, std::move(object),
                                   option_names(*tree.optionNames(), list_of(what))}};
  return {ast::AlterSetOptions{what, if_exists, std::move(object),
                               options(tree.option(), list_of(what)),
                               options(tree.withOptions(), OptionListKind::cluster_change)}};
}

ast::ObjectKind drop_kind(P::DropKindContext& tree) {
  if (tree.METRIC()) throw_unsupported(tree.start, "DROP METRIC SINK");
  return tree.alterKind() ? kind(*tree.alterKind()) : ast::ObjectKind::role;
}

}  // namespace

ast::Drop::Behavior behavior(const std::vector<P::DropBehaviorContext*>& trees) {
  if (trees.empty()) return ast::Drop::Behavior::unspecified;
  if (trees.size() > 1)
    throw_syntax_error(trees[1]->start, "Cannot specify both CASCADE and RESTRICT in DROP");
  return trees[0]->CASCADE() ? ast::Drop::Behavior::cascade : ast::Drop::Behavior::restrict_;
}

ast::Statement alter(P::AlterStatementContext& tree) {
  if (tree.alterSystem()) return alter_system(*tree.alterSystem());
  if (tree.alterRole()) return alter_role(*tree.alterRole());
  if (tree.alterDefaultPrivileges()) return default_privileges(*tree.alterDefaultPrivileges());
  if (tree.alterConnection()) return alter_connection(*tree.alterConnection());
  if (tree.alterSource()) return alter_source(*tree.alterSource());
  if (auto* secret = tree.alterSecret())
    return {ast::AlterSecret{name(*secret->objectName()), secret->ifExists() != nullptr,
                             expression(*secret->expression())}};
  if (tree.alterTable()) return alter_table(*tree.alterTable());
  if (auto* view = tree.alterMaterializedView())
    return {ast::ApplyReplacement{name(*view->objectName(0)), view->ifExists() != nullptr,
                                  name(*view->objectName(1))}};
  return alter_object(*tree.alterObject());
}

ast::Statement drop(P::DropStatementContext& tree) {
  const ast::Drop::Behavior how = behavior(tree.dropBehavior());
  if (tree.OWNED()) return {ast::DropOwned{idents(tree.identifier()), how}};
  ast::Drop out{.kind = drop_kind(*tree.dropKind()),
                .if_exists = tree.ifExists() != nullptr,
                .names = names(tree.objectName()),
                .behavior = how};
  for (const ast::ObjectName& name : out.names) check_kind_parts(name, out.kind);
  return {std::move(out)};
}

ast::Statement comment(P::CommentStatementContext& tree) {
  P::CommentKindContext& kind_tree = *tree.commentKind();
  ast::CommentOn out;
  out.kind = kind_tree.alterKind()  ? kind(*kind_tree.alterKind())
             : kind_tree.COLUMN()   ? ast::ObjectKind::column
             : kind_tree.FUNCTION() ? ast::ObjectKind::function
                                    : ast::ObjectKind::role;
  out.name = {.parts = idents(tree.commentName()->identifier()),
              .position = position(*tree.commentName())};
  if (out.kind == ast::ObjectKind::column && out.name.parts.size() < 2)
    throw_syntax_error(tree.commentName()->start, "need to specify an object and a column");
  check_parts(out.name, out.kind == ast::ObjectKind::column ? 4 : 3);
  check_kind_parts(out.name, out.kind);
  if (tree.stringLiteral()) out.comment = string_value(*tree.stringLiteral());
  return {std::move(out)};
}

}  // namespace tailrace::grammar::builder
