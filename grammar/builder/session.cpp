// Transactions, cursors, prepared statements, variables.
#include <utility>

#include "grammar/builder/builder.hpp"
#include "grammar/builder/option.hpp"

namespace tailrace::grammar::builder {

namespace {

ast::TransactionMode mode(P::TransactionModeContext& tree) {
  using enum ast::TransactionMode;
  if (tree.READ()) return tree.ONLY() ? read_only : read_write;
  P::IsolationLevelContext& level = *tree.isolationLevel();
  if (level.UNCOMMITTED()) return read_uncommitted;
  if (level.COMMITTED()) return read_committed;
  if (level.REPEATABLE()) return repeatable_read;
  if (level.STRICT()) return strict_serializable;
  return level.STRONG() ? strong_session_serializable : serializable;
}

std::vector<ast::TransactionMode> modes(P::TransactionModesContext* tree) {
  std::vector<ast::TransactionMode> out;
  if (!tree) return out;
  for (auto* item : tree->transactionMode()) out.push_back(mode(*item));
  return out;
}

bool chained(P::ChainContext* tree) {
  return tree && !tree->NO();
}

// SET TIME ZONE, SCHEMA and NAMES are variables with another name.
ast::Ident variable(P::SetStatementContext& tree) {
  if (auto* assignment = tree.settingAssignment()) return setting_name(*assignment->settingName());
  if (tree.TIME()) return {"timezone", position(tree.TIME()->getSymbol())};
  if (tree.SCHEMA()) return {"schema", position(tree.SCHEMA()->getSymbol())};
  return {"client_encoding", position(tree.NAMES()->getSymbol())};
}

ast::Statement set(P::SetStatementContext& tree) {
  if (tree.transactionModes())
    return {ast::SetTransaction{tree.CHARACTERISTICS() != nullptr, modes(tree.transactionModes())}};
  auto* values =
      tree.settingAssignment() ? tree.settingAssignment()->settingValues() : tree.settingValues();
  return {ast::SetVariable{variable(tree), tree.LOCAL() != nullptr, variable_values(*values)}};
}

ast::Statement reset(P::ResetStatementContext& tree) {
  if (tree.TIME()) return {ast::ResetVariable{{"timezone", position(tree.TIME()->getSymbol())}}};
  if (tree.SCHEMA()) return {ast::ResetVariable{{"schema", position(tree.SCHEMA()->getSymbol())}}};
  return {ast::ResetVariable{setting_name(*tree.settingName())}};
}

ast::DiscardWhat discard(P::DiscardStatementContext& tree) {
  return tree.ALL()         ? ast::DiscardWhat::all
         : tree.PLANS()     ? ast::DiscardWhat::plans
         : tree.SEQUENCES() ? ast::DiscardWhat::sequences
                            : ast::DiscardWhat::temporary;
}

ast::Raise::Severity severity(P::RaiseStatementContext& tree) {
  using enum ast::Raise::Severity;
  return tree.DEBUG()    ? debug
         : tree.INFO()   ? info
         : tree.LOG()    ? log
         : tree.NOTICE() ? notice
                         : warning;
}

ast::Statement declare(P::DeclareStatementContext& tree) {
  ast::Declare out{.name = ident(tree.identifier()), .with_hold = tree.WITH() != nullptr};
  if (tree.subscribeStatement())
    out.source = subscribe(*tree.subscribeStatement());
  else
    out.source = select(*tree.selectStatement());
  return {std::move(out)};
}

ast::Statement fetch(P::FetchStatementContext& tree) {
  ast::Fetch out{.name = ident(tree.identifier()),
                 .with = options(tree.withOptions(), OptionListKind::fetch)};
  if (tree.ALL()) out.count = ast::Fetch::All{};
  if (tree.NUMBER()) out.count = unsigned_number(tree.NUMBER()->getSymbol());
  return {std::move(out)};
}

ast::Statement prepared(P::PreparedStatementContext& tree) {
  if (tree.selectStatement()) return {select(*tree.selectStatement())};
  if (tree.insertStatement()) return insert(*tree.insertStatement());
  if (tree.updateStatement()) return update(*tree.updateStatement());
  if (tree.deleteStatement()) return remove(*tree.deleteStatement());
  if (tree.subscribeStatement()) return {subscribe(*tree.subscribeStatement())};
  if (tree.fetchStatement()) return fetch(*tree.fetchStatement());
  return show(*tree.showStatement());
}

ast::Statement prepare(P::PrepareStatementContext& tree) {
  return {ast::Prepare{ident(tree.identifier()), prepared(*tree.preparedStatement())}};
}

ast::Statement execute(P::ExecuteStatementContext& tree) {
  ast::Execute out{.name = ident(tree.identifier())};
  if (tree.expressionList()) out.arguments = expressions(*tree.expressionList());
  return {std::move(out)};
}

ast::Statement deallocate(P::DeallocateStatementContext& tree) {
  ast::Deallocate out;
  if (tree.identifier()) out.name = ident(tree.identifier());
  return {std::move(out)};
}

ast::VariableValue variable_value(P::SettingValueContext& tree) {
  if (auto* text = tree.stringLiteral()) return {.text = string_value(*text), .is_quoted = true};
  if (tree.NULL_()) return {.is_null = true};
  if (tree.NUMBER()) return {.text = (tree.MINUS() ? "-" : "") + lower(tree.NUMBER()->getText())};
  if (auto* interval_literal = tree.intervalLiteral())
    return {.text = interval(*interval_literal).text, .is_quoted = true};
  const bool quoted = first_type(tree) == P::QUOTED_IDENTIFIER;
  return {.text = ident(tree.start).value, .is_quoted = quoted};
}

}  // namespace

ast::Ident setting_name(P::SettingNameContext& tree) {
  ast::Ident out = ident(tree.start);
  out.value = lower(std::move(out.value));
  return out;
}

ast::VariableValues variable_values(P::SettingValuesContext& tree) {
  if (tree.DEFAULT()) return ast::VariableDefault{};
  std::vector<ast::VariableValue> out;
  for (auto* value : tree.settingValue()) out.push_back(variable_value(*value));
  return out;
}

ast::Statement session(P::StatementContext& tree) {
  if (auto* begin = tree.beginStatement()) return {ast::Begin{modes(begin->transactionModes())}};
  if (auto* commit = tree.commitStatement()) return {ast::Commit{chained(commit->chain())}};
  if (auto* rollback = tree.rollbackStatement()) return {ast::Rollback{chained(rollback->chain())}};
  if (tree.setStatement()) return set(*tree.setStatement());
  if (tree.resetStatement()) return reset(*tree.resetStatement());
  if (tree.discardStatement()) return {ast::Discard{discard(*tree.discardStatement())}};
  if (tree.raiseStatement()) return {ast::Raise{severity(*tree.raiseStatement())}};
  if (tree.declareStatement()) return declare(*tree.declareStatement());
  if (tree.fetchStatement()) return fetch(*tree.fetchStatement());
  if (tree.closeStatement()) return {ast::Close{ident(tree.closeStatement()->identifier())}};
  if (tree.prepareStatement()) return prepare(*tree.prepareStatement());
  if (tree.executeStatement()) return execute(*tree.executeStatement());
  return deallocate(*tree.deallocateStatement());
}

}  // namespace tailrace::grammar::builder
