// WITH: shared queries, and those that refer to each other (WITH MUTUALLY RECURSIVE).
#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"

namespace tailrace::engine {

namespace {

int depth_inside(const Scope* outer) {
  return outer == nullptr ? 0 : outer->depth() + 1;
}

void check_column_list(const ast::Ident& name, std::size_t available, std::size_t specified) {
  if (specified <= available && (specified == 0 || specified == available)) return;
  throw SqlError(sqlstate::invalid_column_reference,
                 name.value + " has " + std::to_string(available) + " columns available but " +
                     std::to_string(specified) + " columns specified")
      .position(name.position);
}

void check_unique(const std::vector<CommonTableBinding>& tables, std::size_t first,
                  const ast::Ident& name) {
  for (std::size_t i = first; i < tables.size(); ++i) {
    if (tables[i].name != name.value) continue;
    throw SqlError(sqlstate::duplicate_alias,
                   "WITH query name \"" + name.value + "\" specified more than once")
        .position(name.position);
  }
}

void bind_common_tables(Binding& binding, const std::vector<ast::CommonTable>& tables,
                        const Scope* outer, WithScope& with) {
  for (const ast::CommonTable& table : tables) {
    check_unique(binding.common_tables, with.outer_tables, table.name);
    BoundQueryTree tree = bind_subselect(binding, *table.query, outer);
    check_column_list(table.name, tree.names.size(), table.columns.size());
    for (std::size_t i = 0; i < table.columns.size(); ++i) tree.names[i] = table.columns[i].value;
    CommonTableBinding made{.name = table.name.value,
                            .relation = tree.relation,
                            .columns = tree.names,
                            .depth = depth_inside(outer)};
    if (tree.relation->escapes == 0) {
      const LocalId id = binding.new_local();
      with.lets.emplace_back(id, tree.relation);
      made.relation = bound::get_local(id, tree.relation->types, tree.relation->nullable);
    }
    binding.common_tables.push_back(std::move(made));
  }
}

std::string listed(const std::vector<Type>& types) {
  std::string text;
  for (const Type& type : types) text += (text.empty() ? "" : ", ") + type.name();
  return text;
}

bound::RelationPtr bind_recursive_table(Binding& binding, const ast::RecursiveTable& table,
                                        const std::vector<Type>& declared, const Scope* outer) {
  binding.outputs = {.wanted = &declared};
  BoundQueryTree tree = bind_subselect(binding, *table.query, outer);
  const auto mismatch = [&] {
    return SqlError(sqlstate::datatype_mismatch,
                    "WITH MUTUALLY RECURSIVE query \"" + table.name.value + "\" declared types (" +
                        listed(declared) + "), but query returns types (" +
                        listed(tree.relation->types) + ")")
        .position(table.name.position);
  };
  if (tree.relation->types.size() != declared.size()) throw mismatch();
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const Type& given = tree.relation->types[i];
    if (!given.same_base(declared[i]) &&
        find_cast(given, declared[i], CastContext::assignment) == nullptr) {
      throw mismatch();
    }
  }
  cast_outputs(binding, tree, declared, CastContext::assignment, "WITH MUTUALLY RECURSIVE");
  bound::RelationPtr relation = bound::project(tree.relation, tree.visible);
  if (relation->escapes > 0)
    throw unsupported("WITH MUTUALLY RECURSIVE that refers to an outer query");
  return relation;
}

void bind_recursive_tables(Binding& binding, const ast::MutuallyRecursive& node, const Scope* outer,
                           WithScope& with) {
  with.recursion.emplace();
  if (node.limits.size() > 1) {
    throw SqlError(sqlstate::syntax_error, "multiple RECURSION LIMIT options not allowed")
        .position(node.limits[1].position);
  }
  if (!node.limits.empty()) {
    if (node.limits[0].limit == 0) {
      throw SqlError(sqlstate::invalid_parameter_value, "RECURSION LIMIT must be greater than 0")
          .position(node.limits[0].position);
    }
    with.recursion->limit = node.limits[0].limit;
    with.recursion->return_at_limit = node.limits[0].action == ast::RecursionLimit::Action::return_;
  }
  std::vector<std::vector<Type>> types;
  for (const ast::RecursiveTable& table : node.tables) {
    check_unique(binding.common_tables, with.outer_tables, table.name);
    CommonTableBinding made{.name = table.name.value, .depth = depth_inside(outer)};
    types.emplace_back();
    for (const ast::TypedColumn& column : table.columns) {
      made.columns.push_back(column.name.value);
      types.back().push_back(bind_type(column.type, binding.context));
    }
    const LocalId id = binding.new_local();
    with.recursion->ids.push_back(id);
    made.relation =
        bound::get_local(id, types.back(), std::vector<bool>(types.back().size(), true));
    binding.common_tables.push_back(std::move(made));
  }
  for (std::size_t i = 0; i < node.tables.size(); ++i) {
    with.recursive_values.push_back(bind_recursive_table(binding, node.tables[i], types[i], outer));
  }
}

}  // namespace

WithScope bind_with(Binding& binding, const std::optional<ast::With>& with, const Scope* outer) {
  WithScope scope{.outer_tables = binding.common_tables.size()};
  if (!with) return scope;
  if (const auto* tables = std::get_if<std::vector<ast::CommonTable>>(&*with)) {
    bind_common_tables(binding, *tables, outer, scope);
  } else {
    bind_recursive_tables(binding, std::get<ast::MutuallyRecursive>(*with), outer, scope);
  }
  return scope;
}

bound::RelationPtr end_with(Binding& binding, WithScope scope, bound::RelationPtr body) {
  binding.common_tables.resize(scope.outer_tables);
  if (scope.recursion) {
    return bound::let_rec(std::move(*scope.recursion), std::move(scope.recursive_values),
                          std::move(body));
  }
  for (auto let = scope.lets.rbegin(); let != scope.lets.rend(); ++let) {
    body = bound::let(let->first, let->second, std::move(body));
  }
  return body;
}

}  // namespace tailrace::engine
