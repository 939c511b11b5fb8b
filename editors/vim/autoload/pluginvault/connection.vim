" One sidecar process: its start, frames, requests, its end. It is never restarted; sidecar.vim starts another one. The channel is
" a raw one: Vim's own mode `lsp` drops a message that stalls for 100 ms in the middle, and hides which numbers and characters
" json_decode() has changed.

let s:protocol = 1
" Milliseconds for the answer to `initialize`, which comes before the store is opened, and for a regular end.
let s:handshake = 10000
let s:shutdown = 2000
let s:running = []

" Starts the program, and checks that it is a sidecar with the right version of the protocol. `on` has the functions Notice(method,
" params), Ended() and Log(line). Calls Done(err, connection).
function! pluginvault#connection#Start(path, args, folders, on, Done) abort
  if pluginvault#program#CanNotStart(a:path)
    return a:Done(s:Foreign(a:path), v:null)
  endif
  let self = {'on': a:on, 'calls': {}, 'last_id': 0, 'over': 0, 'input': [], 'size': 0, 'wanted': 0, 'last_line': ''}
  let self.job = job_start([a:path] + a:args, {
        \ 'mode': 'raw', 'noblock': 1, 'cwd': pluginvault#program#Home(),
        \ 'out_cb': {_, text -> s:Read(self, text)},
        \ 'err_mode': 'nl', 'err_cb': {_, line -> s:Line(self, line)},
        \ 'close_cb': {_ -> s:End(self)},
        \ })
  let self.channel = job_getchannel(self.job)
  call add(s:running, self)
  let late = timer_start(s:handshake, {-> pluginvault#connection#Kill(self)})
  let params = {
        \ 'processId': getpid(),
        \ 'clientInfo': {'name': 'Vim', 'version': string(v:versionlong)},
        \ 'rootUri': v:null,
        \ 'capabilities': {},
        \ 'workspaceFolders': a:folders,
        \ }
  call pluginvault#connection#Ask(self, 'initialize', params, {err, answer -> s:Introduced(self, a:path, late, err, answer, a:Done)})
endfunction

function! s:Foreign(path) abort
  return pluginvault#NewError('vaultEnded', a:path . ' could not be started: it is built for another C library or processor')
endfunction

function! s:Introduced(self, path, late, err, answer, Done) abort
  call timer_stop(a:late)
  if a:err isnot v:null
    call pluginvault#connection#Kill(a:self)
    if pluginvault#program#IsForeign(a:path)
      return a:Done(s:Foreign(a:path), v:null)
    endif
    let said = empty(a:self.last_line) ? '' : ' It said: ' . a:self.last_line
    return a:Done(pluginvault#NewError('vaultEnded', a:path . ' could not be started as plugin-vault.' . said), v:null)
  endif
  let offered = {}
  silent! let offered = a:answer.capabilities.experimental.pluginVault
  let offered = type(offered) == v:t_dict ? offered : {}
  let spoken = get(offered, 'protocolVersion', v:null)
  if spoken is s:protocol
    " The handle of the key to which a relay has bound the connection.
    let a:self.relay_handle = get(get(offered, 'relay', {}), 'handle', '')
    let a:self.version = get(get(a:answer, 'serverInfo', {}), 'version', '')
    call pluginvault#connection#Notify(a:self, 'initialized', {})
    return a:Done(v:null, a:self)
  endif
  call pluginvault#connection#Kill(a:self)
  let advice = spoken is v:null
        \ ? 'because it is not plugin-vault. Correct g:pluginvault.binary, or PLUGIN_VAULT_BIN'
        \ : printf('because it has protocol %s. Update %s', spoken, spoken < s:protocol ? 'plugin-vault' : 'the plugin pluginvault')
  let message = printf("The program can't be used with protocol %d, %s.", s:protocol, advice)
  return a:Done(pluginvault#NewError('binaryUnsuitable', message), v:null)
endfunction

function! s:Line(self, line) abort
  let a:self.last_line = a:line
  call a:self.on.Log(a:line)
endfunction

" Takes the frames out of what has been read. A frame is removed before it is handled, since its handler may read on.
function! s:Read(self, text) abort
  let self = a:self
  call add(self.input, a:text)
  let self.size += strlen(a:text)
  while self.size > 0 && self.size >= self.wanted
    let input = join(self.input, '')
    let self.input = [input]
    let self.wanted = self.size + 1
    let header = matchlist(strpart(input, 0, 100), "^Content-Length: \\(\\d\\+\\)\r\n\r\n")
    if empty(header)
      if self.size > 100
        " Not the output of plugin-vault. Nothing that follows can be trusted.
        call pluginvault#connection#Kill(self)
      endif
      return
    endif
    let [start, length] = [strlen(header[0]), str2nr(header[1])]
    if self.size < start + length
      let self.wanted = start + length
      return
    endif
    let self.input = [strpart(input, start + length)]
    let self.size -= start + length
    let self.wanted = 0
    call s:Take(self, strpart(input, start, length))
  endwhile
endfunction

function! s:Take(self, body) abort
  try
    let message = pluginvault#json#Decode(a:body)
  catch
    " The sidecar begins each answer in this way.
    let id = matchstr(a:body, '^{"jsonrpc":"2\.0","id":\zs\d\+\ze[,}]')
    let why = "The stored data can't be a Vim value: a text in it has the character NUL, or it is nested too deeply, or has a"
          \ . " member twice. It is unchanged. Replace it, or read it with plugin-vault's command line."
    return s:Answer(a:self, id, pluginvault#NewError('answerUnreadable', why), v:null)
  endtry
  if has_key(message, 'method')
    call a:self.on.Notice(message.method, message.params)
  elseif has_key(message, 'error')
    let data = get(message.error, 'data', {})
    let fields = {'code': message.error.code, 'data': data, 'retryable': get(data, 'retryable', v:false)}
    call s:Answer(a:self, message.id, pluginvault#NewError(get(data, 'kind', 'internalError'), message.error.message, fields), v:null)
  else
    call s:Answer(a:self, message.id, v:null, message.result)
  endif
endfunction

function! s:Answer(self, id, err, result) abort
  if has_key(a:self.calls, a:id)
    call call(remove(a:self.calls, a:id), [a:err, a:result])
  endif
endfunction

function! s:End(self) abort
  if a:self.over
    return
  endif
  let a:self.over = 1
  call filter(s:running, {_, each -> each isnot a:self})
  let message = 'plugin-vault ended before it answered. The call may have been carried out. Read before you write again.'
  for id in sort(keys(a:self.calls), 'N')
    call s:Answer(a:self, id, pluginvault#NewError('outcomeUnknown', message), v:null)
  endfor
  " An end before the first answer is the error of those that wait for the start. A relay may be away for longer.
  if has_key(a:self, 'version')
    call a:self.on.Ended()
  endif
endfunction

" Waits for a moment, and handles what has come. Inside of the callback of a channel Vim would not do that by itself.
function! pluginvault#connection#Wait() abort
  let timeout = len(s:running) == 1
  for self in copy(s:running)
    if ch_status(self.channel) ==# 'open'
      let text = ch_readraw(self.channel, {'timeout': timeout})
      if !empty(text)
        return s:Read(self, text)
      endif
    elseif job_status(self.job) !=# 'run' && !ch_canread(self.channel)
      call s:End(self)
    endif
  endfor
  sleep 1m
endfunction

function! s:Send(self, head, params) abort
  let body = '{"jsonrpc":"2.0",' . a:head . ',"params":' . a:params . '}'
  if !a:self.over && ch_status(a:self.channel) ==# 'open'
    try
      call ch_sendraw(a:self.channel, 'Content-Length: ' . strlen(body) . "\r\n\r\n" . body)
    catch /E63[01]:\|E906:/
      " The sidecar has ended, which ends its calls.
    endtry
  endif
endfunction

" Sends a request with parameters that are encoded already. Returns its id.
function! pluginvault#connection#Request(self, method, params, Done) abort
  let a:self.last_id += 1
  let id = a:self.last_id
  let a:self.calls[id] = a:Done
  call s:Send(a:self, printf('"id":%d,"method":"%s"', id, a:method), a:params)
  return id
endfunction

function! pluginvault#connection#Ask(self, method, params, Done) abort
  return pluginvault#connection#Request(a:self, a:method, pluginvault#json#Encode(a:params), a:Done)
endfunction

function! pluginvault#connection#Notify(self, method, params) abort
  call s:Send(a:self, printf('"method":"%s"', a:method), pluginvault#json#Encode(a:params))
endfunction

" Ends the sidecar regularly, or kills it after two seconds.
function! pluginvault#connection#Close(self) abort
  call timer_start(s:shutdown, {-> pluginvault#connection#Kill(a:self)})
  call pluginvault#connection#Ask(a:self, 'shutdown', {}, {-> s:Exit(a:self)})
endfunction

function! s:Exit(self) abort
  call pluginvault#connection#Notify(a:self, 'exit', {})
  if ch_status(a:self.channel) ==# 'open'
    call ch_close_in(a:self.channel)
  endif
endfunction

function! pluginvault#connection#Kill(self) abort
  if job_status(a:self.job) ==# 'run'
    call job_stop(a:self.job, 'kill')
  endif
endfunction
