// Secrets, connections, sources, and the tables that sources fill.
#include <utility>

#include "grammar/builder/builder.hpp"
#include "grammar/builder/option.hpp"

namespace tailrace::grammar::builder {

namespace {

ast::ConnectionKind connection_kind(P::ConnectionKindContext& tree) {
  using enum ast::ConnectionKind;
  switch (first_type(tree)) {
    case P::POSTGRES:
      return postgres;
    case P::SSH:
      return ssh_tunnel;
    case P::KAFKA:
      return kafka;
    case P::CONFLUENT:
      return confluent_schema_registry;
    case P::MYSQL:
      return mysql;
    case P::SQL:
      return sql_server;
    case P::GCP:
      return gcp;
    case P::ICEBERG:
      return iceberg_catalog;
    default:
      return tree.GLUE() ? aws_glue_schema_registry : tree.PRIVATELINK() ? aws_privatelink : aws;
  }
}

OptionListKind options_of(ast::ConnectionKind kind) {
  switch (kind) {
    case ast::ConnectionKind::postgres:
      return OptionListKind::postgres_connection;
    case ast::ConnectionKind::ssh_tunnel:
      return OptionListKind::ssh_tunnel_connection;
    case ast::ConnectionKind::aws:
      return OptionListKind::aws_connection;
    case ast::ConnectionKind::aws_privatelink:
      return OptionListKind::aws_privatelink_connection;
    default:
      return OptionListKind::connection;
  }
}

ast::CreateConnection create_connection(P::CreateConnectionContext& tree) {
  const ast::ConnectionKind kind = connection_kind(*tree.connectionKind());
  return {.name = name(*tree.objectName()),
          .if_not_exists = tree.ifNotExists() != nullptr,
          .kind = kind,
          .options = options(*tree.bareOptions(), options_of(kind)),
          .with = options(tree.withOptions(), OptionListKind::validation)};
}

ast::SourceConnection source_connection(P::SourceConnectionContext& tree) {
  if (tree.WEBHOOK()) throw_unsupported(tree.start, "CREATE SOURCE ... FROM WEBHOOK");
  ast::SourceConnection out;
  if (auto* generator = tree.loadGenerator()) {
    out.kind = ast::SourceKind::load_generator;
    out.generator = generator->KEY() ? "KEY VALUE" : upper(text(*generator));
    out.options = options(tree.options_(), OptionListKind::load_generator);
    return out;
  }
  out.kind = tree.POSTGRES() ? ast::SourceKind::postgres
             : tree.MYSQL()  ? ast::SourceKind::mysql
             : tree.KAFKA()  ? ast::SourceKind::kafka
                             : ast::SourceKind::sql_server;
  out.connection = name(*tree.objectName());
  out.options = options(tree.options_(), OptionListKind::source_connection);
  return out;
}

std::optional<ast::SubsourceSelection> subsources(P::SubsourceSelectionContext* tree) {
  if (!tree) return std::nullopt;
  if (tree->SCHEMAS()) return ast::ForSchemas{idents(tree->identifier())};
  if (tree->ALL()) return ast::ForAllTables{};
  return ast::ForTables{external_references(tree->externalReference())};
}

void refuse_source_clauses(const std::vector<P::UnsupportedSourceClauseContext*>& clauses) {
  for (auto* clause : clauses)
    throw_unsupported(clause->start,
                      upper(text(*clause)) + " in CREATE SOURCE or CREATE TABLE FROM SOURCE");
}

ast::CreateSource create_source(P::CreateSourceContext& tree) {
  refuse_source_clauses(tree.unsupportedSourceClause());
  if (tree.columnList())
    throw_unsupported(tree.columnList()->start, "column list in CREATE SOURCE");
  auto named = tree.objectName();
  ast::CreateSource out{.name = name(*named[0]),
                        .if_not_exists = tree.ifNotExists() != nullptr,
                        .in_cluster = cluster(tree.inCluster()),
                        .connection = source_connection(*tree.sourceConnection()),
                        .subsources = subsources(tree.subsourceSelection()),
                        .with = options(tree.withOptions(), OptionListKind::source)};
  if (named.size() > 1) out.progress = name(*named[1]);
  return out;
}

// The name in REFERENCE, the one option of FROM SOURCE.
std::optional<ast::ObjectName> reference(P::Options_Context* tree) {
  const auto list = options(tree, OptionListKind::source_reference);
  if (list.size() > 1) throw_syntax_error(tree->start, "REFERENCE specified more than once");
  if (list.empty()) return std::nullopt;
  if (list[0].value) {
    if (auto* name = std::get_if<ast::ObjectName>(&list[0].value->node)) return *name;
    if (auto* text = std::get_if<ast::StringLiteral>(&list[0].value->node))
      return ast::ObjectName{.parts = {{text->value, list[0].value->position}},
                             .position = list[0].value->position};
  }
  throw_syntax_error(tree->start, "Expected name of an upstream table after REFERENCE");
}

ast::CreateTableFromSource create_table_from_source(P::CreateTableFromSourceContext& tree) {
  if (tree.WEBHOOK()) throw_unsupported(tree.start, "CREATE TABLE ... FROM WEBHOOK");
  if (tree.TEMP() || tree.TEMPORARY())
    throw_syntax_error(tree.start, "temporary tables FROM SOURCE are not supported");
  refuse_source_clauses(tree.unsupportedSourceClause());
  return {.name = name(*tree.objectName(0)),
          .if_not_exists = tree.ifNotExists() != nullptr,
          .columns = idents(tree.columnList()),
          .source = name(*tree.objectName(1)),
          .reference = reference(tree.options_()),
          .with = options(tree.withOptions(), OptionListKind::table_from_source)};
}

void add_actions(P::ConnectionActionContext& tree, ast::AlterConnection& out) {
  if (tree.ROTATE()) {
    out.actions.push_back(ast::AlterConnectionRotateKeys{});
    return;
  }
  for (ast::Option& option : options(tree.option(), OptionListKind::connection))
    out.actions.push_back(ast::AlterConnectionSet{std::move(option)});
  if (!tree.optionNames()) return;
  for (ast::OptionName& name : option_names(*tree.optionNames(), OptionListKind::connection))
    out.actions.push_back(ast::AlterConnectionReset{std::move(name.value), name.position});
}

}  // namespace

std::vector<ast::ExternalReference> external_references(
    const std::vector<P::ExternalReferenceContext*>& trees) {
  std::vector<ast::ExternalReference> out;
  for (auto* tree : trees) {
    out.push_back({.reference = name(*tree->objectName(0))});
    if (auto* alias = tree->objectName(1)) out.back().alias = name(*alias);
  }
  return out;
}

ast::Statement create_ingest(P::CreateStatementContext& tree) {
  if (auto* secret = tree.createSecret())
    return {ast::CreateSecret{.name = name(*secret->objectName()),
                              .if_not_exists = secret->ifNotExists() != nullptr,
                              .value = expression(*secret->expression())}};
  if (tree.createConnection()) return {create_connection(*tree.createConnection())};
  if (tree.createSource()) return {create_source(*tree.createSource())};
  return {create_table_from_source(*tree.createTableFromSource())};
}

ast::Statement alter_connection(P::AlterConnectionContext& tree) {
  ast::AlterConnection out{.name = name(*tree.objectName()),
                           .if_exists = tree.ifExists() != nullptr};
  if (tree.ROTATE()) out.actions.push_back(ast::AlterConnectionRotateKeys{});
  for (auto* action : tree.connectionAction()) add_actions(*action, out);
  out.with = options(tree.withOptions(), OptionListKind::validation);
  return {std::move(out)};
}

ast::Statement alter_source(P::AlterSourceContext& tree) {
  auto named = names(tree.objectName());
  ast::AlterSource out{.name = named[0]};
  // IF EXISTS may stand after the source, after DROP SUBSOURCE, or both.
  for (auto* clause : tree.ifExists())
    if (clause->start->getTokenIndex() < tree.objectName(0)->start->getTokenIndex())
      out.if_exists = true;
  if (tree.ADD()) {
    out.action = ast::AddSubsources{external_references(tree.externalReference()),
                                    options(tree.withOptions(), OptionListKind::added_subsources)};
  } else if (tree.DROP()) {
    named.erase(named.begin());
    out.action = ast::DropSubsources{
        .if_exists = tree.ifExists().size() > (out.if_exists ? 1u : 0u),
        .names = std::move(named),
        .cascade = behavior(tree.dropBehavior()) == ast::Drop::Behavior::cascade};
  } else {
    out.action = ast::RefreshReferences{};
  }
  return {std::move(out)};
}

}  // namespace tailrace::grammar::builder
