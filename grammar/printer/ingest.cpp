// Secrets, connections, sources, and the tables that sources fill.
#include "grammar/printer/writer.hpp"

namespace tailrace::grammar::printer {

namespace {

std::string_view if_not_exists(bool is) {
  return is ? "IF NOT EXISTS " : "";
}
std::string_view if_exists(bool is) {
  return is ? "IF EXISTS " : "";
}

void write_subsources(Writer& w, const ast::SubsourceSelection& selection) {
  if (std::holds_alternative<ast::ForAllTables>(selection)) {
    w << " FOR ALL TABLES";
  } else if (auto* schemas = std::get_if<ast::ForSchemas>(&selection)) {
    w << " FOR SCHEMAS ";
    write_parenthesized(w, schemas->schemas);
  } else {
    w << " FOR TABLES ";
    write_parenthesized(w, std::get<ast::ForTables>(selection).tables);
  }
}

void write_connection(Writer& w, const ast::SourceConnection& source) {
  constexpr std::string_view kinds[] = {"POSTGRES", "MYSQL", "SQL SERVER", "KAFKA"};
  if (source.kind == ast::SourceKind::load_generator) {
    w << "LOAD GENERATOR " << source.generator;
  } else {
    w << kinds[static_cast<int>(source.kind)] << " CONNECTION ";
    write(w, source.connection);
  }
  if (!source.options.empty()) write_options(w, source.options);
}

}  // namespace

void write(Writer& w, const ast::ExternalReference& reference) {
  write(w, reference.reference);
  if (!reference.alias) return;
  w << " AS ";
  write(w, *reference.alias);
}

void write(Writer& w, const ast::CreateSecret& s) {
  w << "CREATE SECRET " << if_not_exists(s.if_not_exists);
  write(w, s.name);
  w << " AS ";
  write(w, s.value);
}

void write(Writer& w, const ast::AlterSecret& s) {
  w << "ALTER SECRET " << if_exists(s.if_exists);
  write(w, s.name);
  w << " AS ";
  write(w, s.value);
}

void write(Writer& w, const ast::CreateConnection& s) {
  constexpr std::string_view kinds[] = {"POSTGRES",
                                        "SSH TUNNEL",
                                        "KAFKA",
                                        "CONFLUENT SCHEMA REGISTRY",
                                        "AWS GLUE SCHEMA REGISTRY",
                                        "MYSQL",
                                        "SQL SERVER",
                                        "AWS",
                                        "AWS PRIVATELINK",
                                        "GCP",
                                        "ICEBERG CATALOG"};
  w << "CREATE CONNECTION " << if_not_exists(s.if_not_exists);
  write(w, s.name);
  w << " TO " << kinds[static_cast<int>(s.kind)];
  write_options(w, s.options);
  write_with(w, s.with);
}

void write(Writer& w, const ast::AlterConnection& s) {
  w << "ALTER CONNECTION " << if_exists(s.if_exists);
  write(w, s.name);
  for (std::size_t i = 0; i < s.actions.size(); ++i) {
    w << (i > 0 ? ", " : " ");
    if (auto* set = std::get_if<ast::AlterConnectionSet>(&s.actions[i])) {
      w << "SET (";
      write(w, set->option);
      w << ")";
    } else if (auto* reset = std::get_if<ast::AlterConnectionReset>(&s.actions[i])) {
      w << "RESET (" << reset->option << ")";
    } else {
      w << "ROTATE KEYS";
    }
  }
  write_with(w, s.with);
}

void write(Writer& w, const ast::ValidateConnection& s) {
  w << "VALIDATE CONNECTION ";
  write(w, s.name);
}

void write(Writer& w, const ast::CreateSource& s) {
  w << "CREATE SOURCE " << if_not_exists(s.if_not_exists);
  write(w, s.name);
  if (s.in_cluster) {
    w << " IN CLUSTER ";
    write(w, *s.in_cluster);
  }
  w << " FROM ";
  write_connection(w, s.connection);
  if (s.subsources) write_subsources(w, *s.subsources);
  if (s.progress) {
    w << " EXPOSE PROGRESS AS ";
    write(w, *s.progress);
  }
  write_with(w, s.with);
}

void write(Writer& w, const ast::AlterSource& s) {
  w << "ALTER SOURCE " << if_exists(s.if_exists);
  write(w, s.name);
  if (auto* add = std::get_if<ast::AddSubsources>(&s.action)) {
    w << " ADD SUBSOURCE ";
    write_list(w, add->tables);
    write_with(w, add->with);
  } else if (auto* drop = std::get_if<ast::DropSubsources>(&s.action)) {
    w << " DROP SUBSOURCE " << if_exists(drop->if_exists);
    write_list(w, drop->names);
    if (drop->cascade) w << " CASCADE";
  } else {
    w << " REFRESH REFERENCES";
  }
}

void write(Writer& w, const ast::CreateTableFromSource& s) {
  w << "CREATE TABLE " << if_not_exists(s.if_not_exists);
  write(w, s.name);
  write_columns(w, s.columns);
  w << " FROM SOURCE ";
  write(w, s.source);
  if (s.reference) {
    w << " (REFERENCE = ";
    write(w, *s.reference);
    w << ")";
  }
  write_with(w, s.with);
}

}  // namespace tailrace::grammar::printer
