// A plugin as Cloud9's documentation shows it. The README contains this code.

main.consumes = ['Plugin'];
main.provides = ['example'];
module.exports = main;

function main(options, imports, register) {
  var Plugin = imports.Plugin;
  var plugin = new Plugin("Your Name", main.consumes);
  var api = plugin.setAPIKey(options.apikey);

  plugin.on("load", function() {
    api.setPersistentData("user", { example: 123 }, function(err) {
      if (err) throw err;
      api.getPersistentData("user", function(err, data) {
        if (err) throw err;
        console.log(data.example); // 123
      });
    });
  });

  plugin.freezePublicAPI({});
  register(null, { "example": plugin });
}
