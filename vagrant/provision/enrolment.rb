# frozen_string_literal: true

require "json"

# Lets a VM's agent in. Vagrant reaches both VMs, and so carries what they may not trust the network with: the
# controller's one-time token, and a certificate for the metrics. Private keys stay where they were made.
class EbpfPersonasEnrolment < Vagrant.plugin("2", :provisioner)
  # The controller's VM does not come up.
  class NoController < Vagrant::Errors::VagrantError
    error_message("No controller: its VM has to be up and provisioned first. Run: vagrant up controller")
  end

  # For the controller in the same `vagrant up`, which takes its time in software emulation.
  PATIENCE = 1800

  def provision
    controller = wait_for_controller
    request = read(@machine, "cat /etc/lab/metrics/request.pem")
    answer = JSON.parse(read(controller, <<~COMMANDS))
      lab-admit #{@machine.name} <<'END'
      #{request.strip}
      END
    COMMANDS
    # Commands go through the shell's standard input, so the token is in no process' arguments.
    @machine.communicate.sudo(<<~COMMANDS)
      lab-admitted <<'END'
      #{JSON.generate(answer)}
      END
    COMMANDS
    @machine.ui.info("the controller lets #{@machine.name} in")
  end

  private

  def wait_for_controller
    give_up = Time.now + PATIENCE
    until ready?
      raise NoController if Time.now > give_up

      @machine.ui.info("waiting for the controller") unless @told
      @told = true
      sleep 10
    end
    @controller
  end

  # Over a connection of our own, and one for all questions: another thread may be using the machine object that
  # everybody shares, and in software emulation each new connection by ssh takes seconds.
  def ready?
    unless @controller
      machine = @machine.env.machine(:controller, @machine.provider_name, true)
      @controller = machine if machine.id && machine.communicate.ready?
    end
    @controller&.communicate&.test("test -e /etc/lab/ready", sudo: true)
  rescue Vagrant::Errors::VagrantError
    @controller = nil
  end

  def read(machine, commands)
    output = +""
    machine.communicate.sudo(commands) { |type, data| output << data if type == :stdout }
    output
  end
end

# How Vagrant finds it.
class EbpfPersonasPlugin < Vagrant.plugin("2")
  name "ebpf_personas"
  provisioner(:ebpf_personas_enrolment) { EbpfPersonasEnrolment }
end
