// Which statement it is.
#include "grammar/builder/builder.hpp"

namespace tailrace::grammar::builder {

namespace {

ast::Statement create(P::CreateStatementContext& tree) {
  if (tree.createSecret() || tree.createConnection() || tree.createSource() ||
      tree.createTableFromSource())
    return create_ingest(tree);
  if (tree.createTable() || tree.createView() || tree.createMaterializedView() ||
      tree.createIndex() || tree.createType())
    return create_relation(tree);
  return create_other(tree);
}

}  // namespace

ast::Statement statement(P::StatementContext& tree) {
  if (tree.selectStatement()) return {select(*tree.selectStatement())};
  if (tree.insertStatement()) return insert(*tree.insertStatement());
  if (tree.updateStatement()) return update(*tree.updateStatement());
  if (tree.deleteStatement()) return remove(*tree.deleteStatement());
  if (tree.copyStatement()) return copy(*tree.copyStatement());
  if (tree.subscribeStatement()) return {subscribe(*tree.subscribeStatement())};
  if (tree.createStatement()) return create(*tree.createStatement());
  if (tree.alterStatement()) return alter(*tree.alterStatement());
  if (tree.dropStatement()) return drop(*tree.dropStatement());
  if (tree.commentStatement()) return comment(*tree.commentStatement());
  if (auto* validate = tree.validateStatement())
    return {ast::ValidateConnection{name(*validate->objectName())}};
  if (tree.grantStatement()) return grant(*tree.grantStatement());
  if (tree.revokeStatement()) return revoke(*tree.revokeStatement());
  if (auto* reassign = tree.reassignOwnedStatement())
    return {ast::ReassignOwned{idents(reassign->roleList()->identifier()),
                               ident(reassign->identifier())}};
  if (tree.showStatement()) return show(*tree.showStatement());
  if (tree.explainStatement()) return explain(*tree.explainStatement());
  return session(tree);
}

}  // namespace tailrace::grammar::builder
