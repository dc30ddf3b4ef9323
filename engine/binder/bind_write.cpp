// INSERT, UPDATE and DELETE: which rows go and which come.
#include <algorithm>

#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"
#include "engine/binder/decorrelate.hpp"
#include "engine/binder/lower_scalar.hpp"
#include "engine/binder/output_name.hpp"
#include "grammar/parser.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

void check_writable(const catalog::Item& item, const catalog::Catalog& catalog,
                    std::string_view verb) {
  const auto refuse = [&](std::string_view what) {
    throw SqlError(sqlstate::feature_not_supported, "cannot " + std::string(verb) + " " +
                                                        std::string(what) + " '" +
                                                        catalog.full_name(item) + "'");
  };
  if (!item.is_relation()) refuse(item.type_words());
  if (item.id.is_system())
    refuse("system " + std::string(item.as<catalog::View>() != nullptr ? "view" : "table"));
  if (item.as<catalog::MaterializedView>() != nullptr) {
    throw SqlError(sqlstate::feature_not_supported,
                   "cannot mutate materialized view '" + catalog.full_name(item) + "'");
  }
  const auto* table = item.as<catalog::Table>();
  if (table == nullptr) refuse(item.type_words());
  if (table->source) refuse("non-writeable table");
}

namespace {

ExpressionPtr bind_default(Binding& binding, const catalog::Table& table, std::size_t column) {
  const Type& type = table.schema.columns[column].type;
  if (column >= table.defaults.size() || !table.defaults[column]) return bound::null_of(type);
  static const Scope nothing;
  const ast::Expression expression = grammar::parse_expression(*table.defaults[column]);
  const Place place{.clause = Clause::expression, .scope = &nothing, .subqueries = false};
  return coerce(binding, bind_expression(binding, expression, place), type, CastContext::assignment,
                "DEFAULT");
}

// The value for a column, in assignment's sense.
ExpressionPtr assign(Binding& binding, const ExpressionPtr& value, const ColumnSchema& column) {
  const bool castable = bound::is_unknown(value) || value->type.same_base(column.type) ||
                        value->type.id() == TypeId::record ||
                        find_cast(value->type, column.type, CastContext::assignment) != nullptr;
  if (!castable) {
    throw SqlError(sqlstate::datatype_mismatch,
                   "column \"" + column.name + "\" is of type " + column.type.name() +
                       " but expression is of type " + value->type.name())
        .hint("You will need to rewrite or cast the expression.")
        .position(value->position);
  }
  return coerce(binding, value, column.type, CastContext::assignment);
}

struct Target {
  const catalog::Item* item = nullptr;
  const catalog::Table* table = nullptr;

  const Schema& schema() const { return table->schema; }
};

Target resolve_target(Binding& binding, const ast::ObjectName& name, std::string_view verb) {
  BindContext& context = binding.context;
  const catalog::Item& item = context.catalog.resolve_relation(name, context.scope);
  check_writable(item, context.catalog, verb);
  return {&item, item.as<catalog::Table>()};
}

int column_index(const Target& target, const ast::Ident& name) {
  const auto& columns = target.schema().columns;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name.value) return static_cast<int>(i);
  }
  throw SqlError(sqlstate::undefined_column, "column \"" + name.value + "\" of relation \"" +
                                                 target.item->name + "\" does not exist")
      .position(name.position);
}

std::vector<int> target_columns(const Target& target, const std::vector<ast::Ident>& names) {
  std::vector<int> columns;
  for (const ast::Ident& name : names) {
    const int column = column_index(target, name);
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      throw SqlError(sqlstate::duplicate_column,
                     "column \"" + name.value + "\" specified more than once")
          .position(name.position);
    }
    columns.push_back(column);
  }
  if (!names.empty()) return columns;
  for (std::size_t i = 0; i < target.schema().size(); ++i) columns.push_back(static_cast<int>(i));
  return columns;
}

// Where the columns were listed, each has a value; where not, later ones may be missing.
void check_count(std::size_t expressions, std::size_t columns, bool listed) {
  if (expressions > columns) {
    throw SqlError(sqlstate::syntax_error, "INSERT has more expressions than target columns");
  }
  if (expressions < columns && listed) {
    throw SqlError(sqlstate::syntax_error, "INSERT has more target columns than expressions");
  }
}

// VALUES that are the whole source: cells may be DEFAULT, and literals take the column's type.
const ast::Values* plain_values(const ast::Query& query) {
  if (query.with || !query.order_by.empty() || query.limit || query.offset) return nullptr;
  return std::get_if<ast::Values>(&query.body.node);
}

Expressions defaults_of(Binding& binding, const Target& target) {
  Expressions values;
  for (std::size_t i = 0; i < target.schema().size(); ++i)
    values.push_back(bind_default(binding, *target.table, i));
  return values;
}

bound::RelationPtr bind_rows(Binding& binding, const Target& target,
                             const std::vector<int>& columns, bool listed,
                             const ast::Values& values) {
  static const Scope nothing;
  const Place place{.clause = Clause::values, .scope = &nothing};
  const Expressions defaults = defaults_of(binding, target);
  std::vector<Expressions> rows;
  for (const auto& cells : values.rows) {
    check_count(cells.size(), columns.size(), listed);
    Expressions row = defaults;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (std::holds_alternative<ast::DefaultMarker>(cells[i].node)) continue;
      const auto column = static_cast<std::size_t>(columns[i]);
      row[column] = assign(binding, bind_expression(binding, cells[i], place),
                           target.schema().columns[column]);
    }
    rows.push_back(std::move(row));
  }
  return rows_relation(rows, target.schema().types());
}

bound::RelationPtr bind_selection(Binding& binding, const Target& target,
                                  const std::vector<int>& columns, bool listed,
                                  const ast::Query& query) {
  std::vector<Type> wanted;
  for (const int column : columns)
    wanted.push_back(target.schema().columns[static_cast<std::size_t>(column)].type);
  binding.outputs = {.wanted = &wanted};
  const BoundQueryTree tree = bind_subselect(binding, query, nullptr);
  check_count(tree.names.size(), columns.size(), listed);
  Expressions row = defaults_of(binding, target);
  for (std::size_t i = 0; i < tree.names.size(); ++i) {
    const auto column = static_cast<std::size_t>(columns[i]);
    const ExpressionPtr value =
        bound::column(0, static_cast<int>(i), tree.relation->types[i], tree.relation->nullable[i]);
    row[column] = assign(binding, value, target.schema().columns[column]);
  }
  bound::RelationPtr relation = tree.relation;
  return bound::project(relation, map_expressions(relation, row));
}

Scope table_scope(const Binding& binding, const Target& target,
                  const std::optional<ast::Ident>& alias, const bound::Relation& relation) {
  std::vector<std::string> names;
  for (const ColumnSchema& column : target.schema().columns) names.push_back(column.name);
  if (alias) return scope_of({.name = alias->value}, names, relation);
  const catalog::QualifiedName qualified = binding.context.catalog.qualified_name(*target.item);
  return scope_of(
      {.name = target.item->name, .schema = qualified.schema, .database = qualified.database},
      names, relation);
}

void bind_returning(Binding& binding, const Target& target, const ast::Insert& insert,
                    BoundInsert& bound) {
  const bound::RelationPtr row = bound::get({}, target.item->name, target.schema());
  const Scope scope = table_scope(binding, target, insert.alias, *row);
  const Place place{.clause = Clause::returning, .scope = &scope, .subqueries = false};
  const auto add = [&](ExpressionPtr expression, std::string name) {
    expression = coerce_unknown(binding, std::move(expression));
    bound.returning_schema.columns.push_back(
        {std::move(name), expression->type, expression->nullable});
    bound.returning.push_back(to_scalar(expression));
  };
  for (const ast::SelectItem& item : insert.returning) {
    if (const auto* wildcard = std::get_if<ast::Wildcard>(&item.expression.node)) {
      for (const ScopeColumn& column :
           resolve_star(scope, wildcard->qualifier, item.expression.position).columns) {
        add(reference(column, 0, item.expression.position), column.name);
      }
    } else {
      add(bind_expression(binding, item.expression, place),
          item.alias ? item.alias->value : output_name(item.expression));
    }
  }
}

void check_parameters(const BindContext& context) {
  if (context.parameters == nullptr) return;
  for (std::size_t i = 0; i < context.parameters->size(); ++i) {
    if ((*context.parameters)[i]) continue;
    throw SqlError(sqlstate::indeterminate_datatype,
                   "could not determine data type of parameter $" + std::to_string(i + 1));
  }
}

// The rows as they are: the statement has read nothing of the table yet.
bound::RelationPtr all_rows(Binding& binding, const Target& target) {
  std::vector<catalog::ItemId>* const dependencies =
      std::exchange(binding.context.dependencies, nullptr);
  bound::RelationPtr rows = bind_item_relation(binding, *target.item);
  binding.context.dependencies = dependencies;
  return rows;
}

void note_read(Binding& binding, const Target& target) {
  std::vector<catalog::ItemId>* const noted = binding.context.dependencies;
  if (noted != nullptr && std::find(noted->begin(), noted->end(), target.item->id) == noted->end())
    noted->push_back(target.item->id);
}

// Conservative of subqueries, which may look at the row they are asked for.
bool reads_row(const ExpressionPtr& expression) {
  return std::holds_alternative<bound::Column>(expression->node) || expression->has_subquery ||
         std::any_of(expression->operands.begin(), expression->operands.end(), reads_row);
}

}  // namespace

BoundInsert bind_insert(const ast::Insert& insert, BindContext& context) {
  Binding binding{.context = context};
  const Target target = resolve_target(binding, insert.table, "insert into");
  BoundInsert result{.table = target.item};
  bound::RelationPtr rows;
  if (const auto* query = std::get_if<ast::Query>(&insert.source)) {
    const std::vector<int> columns = target_columns(target, insert.columns);
    const bool listed = !insert.columns.empty();
    const ast::Values* values = plain_values(*query);
    rows = values != nullptr ? bind_rows(binding, target, columns, listed, *values)
                             : bind_selection(binding, target, columns, listed, *query);
  } else {
    rows = rows_relation({defaults_of(binding, target)}, target.schema().types());
  }
  bind_returning(binding, target, insert, result);
  check_parameters(context);
  result.plan = decorrelate(rows, binding.next_local);
  result.constant = inputs_of(result.plan).empty();
  return result;
}

BoundDelete bind_delete(const ast::Delete& statement, BindContext& context) {
  Binding binding{.context = context};
  const Target target = resolve_target(binding, statement.table, "delete from");
  bound::RelationPtr rows = all_rows(binding, target);
  const Scope scope = table_scope(binding, target, statement.alias, *rows);
  if (statement.where || !statement.using_.empty()) note_read(binding, target);
  if (statement.using_.empty()) {
    if (statement.where) {
      const Place place{.clause = Clause::where, .scope = &scope};
      rows =
          bound::filter(rows, {bind_predicate(binding, *statement.where, place, "WHERE clause")});
    }
  } else {
    FromResult from = bind_from(binding, statement.using_, &scope);
    from.scope.outer = &scope;
    if (statement.where) {
      const Place place{.clause = Clause::where, .scope = &from.scope};
      from.relation = bound::filter(
          from.relation, {bind_predicate(binding, *statement.where, place, "WHERE clause")});
    }
    rows = bound::filter(rows, {bound::exists(from.relation)});
  }
  check_parameters(context);
  return {target.item, decorrelate(rows, binding.next_local)};
}

BoundUpdate bind_update(const ast::Update& statement, BindContext& context) {
  Binding binding{.context = context};
  const Target target = resolve_target(binding, statement.table, "update");
  bound::RelationPtr rows = all_rows(binding, target);
  const Scope scope = table_scope(binding, target, statement.alias, *rows);
  const Place place{.clause = Clause::where, .scope = &scope};
  if (statement.where) {
    note_read(binding, target);
    rows = bound::filter(rows, {bind_predicate(binding, *statement.where, place, "WHERE clause")});
  }
  Expressions values;
  for (const ScopeColumn& column : scope.columns) values.push_back(reference(column, 0, 0));
  std::vector<int> assigned;
  for (const ast::Assignment& assignment : statement.assignments) {
    const int column = column_index(target, assignment.column);
    if (std::find(assigned.begin(), assigned.end(), column) != assigned.end()) {
      throw SqlError(sqlstate::duplicate_column,
                     "column \"" + assignment.column.value + "\" specified more than once")
          .position(assignment.column.position);
    }
    assigned.push_back(column);
    const auto index = static_cast<std::size_t>(column);
    values[index] =
        std::holds_alternative<ast::DefaultMarker>(assignment.value.node)
            ? bind_default(binding, *target.table, index)
            : assign(binding,
                     bind_expression(binding, assignment.value, place.in(Clause::expression)),
                     target.schema().columns[index]);
    if (reads_row(values[index])) note_read(binding, target);
  }
  check_parameters(context);
  const std::vector<int> positions = map_expressions(rows, values);
  std::vector<int> columns(target.schema().size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = static_cast<int>(i);
  columns.insert(columns.end(), positions.begin(), positions.end());
  return {target.item, decorrelate(bound::project(rows, std::move(columns)), binding.next_local)};
}

std::vector<ScalarPtr> bind_defaults(const catalog::Item& table, BindContext& context) {
  Binding binding{.context = context};
  const auto* body = table.as<catalog::Table>();
  std::vector<ScalarPtr> defaults;
  for (std::size_t i = 0; i < body->schema.size(); ++i)
    defaults.push_back(to_scalar(bind_default(binding, *body, i)));
  return defaults;
}

}  // namespace tailrace::engine
