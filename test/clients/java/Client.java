import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Properties;

/** Asks by the JDBC driver with its defaults, as a BI tool does; prints one line an answer. Arguments: URL, user, password. */
public class Client {
  interface Step {
    String run() throws Exception;
  }

  static void say(String name, Step step) {
    try {
      System.out.println(name + "\t" + step.run());
    } catch (Throwable error) {
      String text = String.valueOf(error.getMessage());
      for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) text += " < " + cause.getMessage();
      System.out.println(name + "\tFAILED " + text.replace('\n', ' '));
    }
  }

  static String rows(ResultSet result, String column) throws Exception {
    StringBuilder text = new StringBuilder();
    while (result.next()) text.append(text.length() == 0 ? "" : ",").append(result.getString(column));
    return text.toString();
  }

  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("user", args[1]);
    properties.setProperty("password", args[2]);
    try (Connection connection = DriverManager.getConnection(args[0], properties)) {
      DatabaseMetaData meta = connection.getMetaData();
      say("valid", () -> String.valueOf(connection.isValid(5)));
      say("product", () -> meta.getDatabaseProductName() + " " + meta.getDatabaseProductVersion().split("\\.")[0]);
      say("schemas", () -> rows(meta.getSchemas(), "TABLE_SCHEM"));
      say("tables", () -> rows(meta.getTables(null, "firstframe", "%", new String[] {"TABLE"}), "TABLE_NAME"));
      say("columns", () -> rows(meta.getColumns(null, "firstframe", "typed", "%"), "COLUMN_NAME"));
      say("types", () -> String.valueOf(rows(meta.getTypeInfo(), "TYPE_NAME").contains("UInt64")));
      say("keys", () -> rows(meta.getPrimaryKeys(null, "firstframe", "typed"), "COLUMN_NAME"));
      say("functions", () -> String.valueOf(rows(meta.getFunctions(null, null, "quantile"), "FUNCTION_NAME")));
      say("sum", () -> {
        try (Statement statement = connection.createStatement()) {
          ResultSet result = statement.executeQuery("SELECT count() AS c, sum(n) AS s, uniqExact(cdn) AS u FROM typed");
          result.next();
          return result.getLong("c") + " " + result.getLong("s") + " " + result.getLong("u");
        }
      });
      say("rows", () -> {
        try (Statement statement = connection.createStatement()) {
          statement.setMaxRows(1000);
          statement.setQueryTimeout(65);
          ResultSet result = statement.executeQuery("SELECT * FROM typed ORDER BY n LIMIT 3");
          StringBuilder text = new StringBuilder();
          while (result.next()) text.append(result.getLong("n")).append(result.getString("cdn")).append(' ');
          return text.toString().trim() + " " + result.getMetaData().getColumnCount();
        }
      });
      say("prepared", () -> {
        try (PreparedStatement statement = connection.prepareStatement("SELECT ? AS a, ? + 1 AS b, ? AS at")) {
          statement.setString(1, "it's \\ here");
          statement.setInt(2, 41);
          statement.setTimestamp(3, java.sql.Timestamp.valueOf("2026-11-20 12:00:00"));
          ResultSet result = statement.executeQuery();
          result.next();
          return result.getString("a") + " " + result.getInt("b");
        }
      });
      say("refused", () -> {
        try (Statement statement = connection.createStatement()) {
          return String.valueOf(statement.executeQuery("SELECT * FROM nowhere"));
        }
      });
      if (args.length > 3)
        say("inserted", () -> {
          try (PreparedStatement statement = connection.prepareStatement("INSERT INTO written (n, cdn) VALUES (?, ?)")) {
            for (int n = 0; n < 100; n++) {
              statement.setInt(1, n);
              statement.setString(2, "cdn" + n % 7);
              statement.addBatch();
            }
            return String.valueOf(statement.executeBatch().length);
          }
        });
    }
  }
}
