// What the README shows.

package example;

import static io.github.pluginvault.Place.USER;

import com.google.gson.JsonObject;
import io.github.pluginvault.Vault;

final class Example {
  public static void main(String[] arguments) throws Exception {
    // plugin-vault keeps the key: the same pair always finds the same data.
    try (var vault = Vault.open("me.notes", "eclipse")) {
      System.out.println(vault.get(USER).get()); // null at first, then the object
      var data = new JsonObject();
      data.addProperty("token", "abc");
      vault.set(USER, data).get(); // on the disk when this returns
      vault.set(USER.named("survey"), data); // another record, with a name
      var survey = vault.update(USER.named("survey"), Example::seen); // no other change is lost
      System.out.println(survey.get());
    }
  }

  private static JsonObject seen(JsonObject survey) {
    survey.addProperty("seen", true);
    return survey;
  }
}
