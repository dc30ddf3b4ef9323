// The parts of the printer, by what they print. Private to grammar/printer/.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/ast/statement.hpp"
#include "grammar/printer.hpp"

namespace tailrace::grammar::printer {

struct Writer {
  std::string out;
  PrintOptions options;

  Writer& operator<<(std::string_view text) {
    out += text;
    return *this;
  }
  Writer& operator<<(std::unsigned_integral auto number) {
    out += std::to_string(number);
    return *this;
  }
  // A literal's text, as written to SQL, or what stands for it.
  void literal(std::string_view text) { out += options.redacted ? "'<REDACTED>'" : text; }
};

// How tightly an expression binds; the order of TailraceParser.g4.
enum class Level {
  or_,
  and_,
  not_,
  is,
  comparison,
  like,
  other,
  other_prefix,
  plus,
  times,
  at,
  sign,
  postfix,
  primary,
};

// names.cpp
void write(Writer& w, const ast::Ident& ident);
void write(Writer& w, const ast::ObjectName& name);
void write(Writer& w, const ast::ClusterName& name);
void write(Writer& w, const ast::TypeName& type);
void write_function_name(Writer& w, const ast::FunctionCall& call);
void write_columns(Writer& w, const std::vector<ast::Ident>& columns);  // " (a, b)", or nothing

// expression.cpp, call.cpp
void write(Writer& w, const ast::Expression& expression, Level at_least = Level::or_);
void write(Writer& w, const ast::FunctionCall& call);
void write(Writer& w, const ast::IntervalLiteral& interval);
void write(Writer& w, const ast::OrderItem& item);
void write_order_by(Writer& w,
                    const std::vector<ast::OrderItem>& items);  // " ORDER BY ..", or nothing

// query.cpp
void write(Writer& w, const ast::Query& query);
void write(Writer& w, const ast::SelectItem& item);
void write(Writer& w, const ast::FromItem& item);
void write(Writer& w, const ast::AsOf& as_of);  // " AS OF .."

// option.cpp
void write(Writer& w, const ast::Option& option);
void write(Writer& w, const ast::OptionValue& value);
void write_options(Writer& w, const std::vector<ast::Option>& options);  // " (..)"
void write_with(Writer& w, const std::vector<ast::Option>& options);     // " WITH (..)", or nothing

// Statements: ingest.cpp, relation.cpp, manage.cpp, data.cpp, session.cpp, show.cpp
void write(Writer& w, const ast::Statement& statement);
void write(Writer& w, const ast::SelectStatement&);
void write(Writer& w, const ast::Subscribe&);
void write(Writer& w, const ast::Insert&);
void write(Writer& w, const ast::Update&);
void write(Writer& w, const ast::Delete&);
void write(Writer& w, const ast::CopyTo&);
void write(Writer& w, const ast::CopyFrom&);
void write(Writer& w, const ast::CreateSecret&);
void write(Writer& w, const ast::AlterSecret&);
void write(Writer& w, const ast::CreateConnection&);
void write(Writer& w, const ast::AlterConnection&);
void write(Writer& w, const ast::ValidateConnection&);
void write(Writer& w, const ast::CreateSource&);
void write(Writer& w, const ast::AlterSource&);
void write(Writer& w, const ast::CreateTableFromSource&);
void write(Writer& w, const ast::CreateTable&);
void write(Writer& w, const ast::AlterTableAddColumn&);
void write(Writer& w, const ast::CreateView&);
void write(Writer& w, const ast::CreateMaterializedView&);
void write(Writer& w, const ast::ApplyReplacement&);
void write(Writer& w, const ast::CreateIndex&);
void write(Writer& w, const ast::CreateType&);
void write(Writer& w, const ast::CreateCluster&);
void write(Writer& w, const ast::CreateClusterReplica&);
void write(Writer& w, const ast::CreateDatabase&);
void write(Writer& w, const ast::CreateSchema&);
void write(Writer& w, const ast::CreateRole&);
void write(Writer& w, const ast::AlterRoleAttributes&);
void write(Writer& w, const ast::AlterRoleVariable&);
void write(Writer& w, const ast::Drop&);
void write(Writer& w, const ast::Rename&);
void write(Writer& w, const ast::SetOwner&);
void write(Writer& w, const ast::Swap&);
void write(Writer& w, const ast::AlterSetOptions&);
void write(Writer& w, const ast::AlterResetOptions&);
void write(Writer& w, const ast::AlterSetCluster&);
void write(Writer& w, const ast::AlterSystem&);
void write(Writer& w, const ast::CommentOn&);
void write(Writer& w, const ast::GrantPrivileges&);
void write(Writer& w, const ast::GrantRoles&);
void write(Writer& w, const ast::AlterDefaultPrivileges&);
void write(Writer& w, const ast::ReassignOwned&);
void write(Writer& w, const ast::DropOwned&);
void write(Writer& w, const ast::Begin&);
void write(Writer& w, const ast::Commit&);
void write(Writer& w, const ast::Rollback&);
void write(Writer& w, const ast::SetTransaction&);
void write(Writer& w, const ast::Declare&);
void write(Writer& w, const ast::Fetch&);
void write(Writer& w, const ast::Close&);
void write(Writer& w, const ast::Prepare&);
void write(Writer& w, const ast::Execute&);
void write(Writer& w, const ast::Deallocate&);
void write(Writer& w, const ast::SetVariable&);
void write(Writer& w, const ast::ResetVariable&);
void write(Writer& w, const ast::Discard&);
void write(Writer& w, const ast::Raise&);
void write(Writer& w, const ast::Show&);
void write(Writer& w, const ast::Explain&);
void write(Writer& w, const ast::VariableValues& values);
void write(Writer& w, const ast::ColumnDefinition& column);
void write(Writer& w, const ast::ExternalReference& reference);
void write_behavior(Writer& w, ast::Drop::Behavior behavior);

// The items with commas between them.
template <class Items>
void write_list(Writer& w, const Items& items) {
  bool first = true;
  for (const auto& item : items) {
    if (!first) w << ", ";
    first = false;
    write(w, item);
  }
}
template <class Items>
void write_parenthesized(Writer& w, const Items& items) {
  w << "(";
  write_list(w, items);
  w << ")";
}

}  // namespace tailrace::grammar::printer
