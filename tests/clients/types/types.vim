vim9script
# Vim reads its types, and they say what the contract says: vim -es -u NONE -i NONE -S types.vim
try
  import '../../../schema/types/plugin_vault.vim' as vault
  var required = vault.METHODS.setPersistentData.required
  if vault.ERROR_CODES.leaseHeld != 3001 || index(vault.RETRYABLE, 'leaseHeld') < 0 || required != ['context', 'data']
    cquit 1
  endif
catch
  verbose echo v:exception
  cquit 1
endtry
qall!
